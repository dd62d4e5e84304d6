import type { Sample } from '../api/types';

export type Numbers = [at: number, value: number][];

/** Numbers are drawn as lines, states as strips. */
export function split(fields: Record<string, Sample[]>): { numbers: [string, Numbers][]; states: [string, Sample[]][] } {
  const numbers: [string, Numbers][] = [];
  const states: [string, Sample[]][] = [];
  for (const [name, samples] of Object.entries(fields)) {
    const known = samples.filter(([, value]) => value !== null);
    if (known.length === 0) continue;
    if (known.every(([, value]) => typeof value === 'number')) numbers.push([name, known as Numbers]);
    else states.push([name, known]);
  }
  return { numbers, states };
}

export interface Point {
  at: number;
  value: number | null;
}

/** Break the line where the device was silent: a straight line over a gap would be a lie. */
export function withGaps(samples: Numbers, every: number): Point[] {
  const points: Point[] = [];
  const spacing = Math.max(every, typicalSpacing(samples)) * 2.5;
  for (const [at, value] of samples) {
    const last = points.at(-1);
    if (last && at - last.at > spacing) points.push({ at: (last.at + at) / 2, value: null });
    points.push({ at, value });
  }
  return points;
}

function typicalSpacing(samples: Numbers): number {
  const steps = samples.slice(1).map(([at], index) => at - (samples[index]?.[0] ?? at));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
}

export interface Stretch {
  from: number;
  to: number;
  value: string | number | boolean | null;
}

/** Neighbouring samples of one state as one stretch; the last lasts until ``end``. */
export function stretches(samples: readonly Sample[], end: number): Stretch[] {
  const found: Stretch[] = [];
  for (const [at, value] of samples) {
    const last = found.at(-1);
    if (last) last.to = at;
    if (last?.value !== value) found.push({ from: at, to: end, value });
    else last.to = end;
  }
  return found;
}

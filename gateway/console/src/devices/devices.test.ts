import { describe, expect, it } from 'vitest';
import type { DeviceView } from '../api/types';
import { NO_FILTER, distinct, matches, troubles } from './filter';
import { split, stretches, withGaps } from './series';

const lift: DeviceView = {
  id: 'lift-b3-01',
  kind: 'lift',
  name: '1号梯',
  building: 'b3',
  floor: '1F',
  zone: '',
  asset: 'LIFT-0007',
  dialect: 'native',
  upstream: '',
  online: true,
  last_seen: 100,
  measurements: {},
  states: { fault: false, tamper: null },
};

describe('filter', () => {
  it.each(['B3-01', '号梯', 'lift-0007', '  '])('finds by %s', (q) => {
    expect(matches(lift, { ...NO_FILTER, q })).toBe(true);
  });

  it('narrows by every part at once', () => {
    expect(matches(lift, { ...NO_FILTER, kind: 'lift', building: 'b3' })).toBe(true);
    expect(matches(lift, { ...NO_FILTER, kind: 'lift', building: 'b4' })).toBe(false);
  });

  it('counts being offline as trouble, unknown states not', () => {
    expect(matches(lift, { ...NO_FILTER, status: 'trouble' })).toBe(false);
    expect(matches({ ...lift, online: false }, { ...NO_FILTER, status: 'trouble' })).toBe(true);
    expect(matches({ ...lift, online: null }, { ...NO_FILTER, status: 'offline' })).toBe(false);
  });

  it('names the worst trouble first', () => {
    expect(troubles({ ...lift, states: { battery_low: true, entrapment: true, motion: true } })).toEqual([
      'entrapment',
      'battery_low',
    ]);
  });

  it('sorts buildings as people count', () => {
    expect(distinct(['b10', 'b2', '', 'b2'])).toEqual(['b2', 'b10']);
  });
});

describe('series', () => {
  it('draws numbers as lines and states as strips, and nothing for nothing', () => {
    const { numbers, states } = split({ speed: [[1, 1.5]], door: [[1, 'open']], lost: [[1, null]] });
    expect([numbers.map(([name]) => name), states.map(([name]) => name)]).toEqual([['speed'], ['door']]);
  });

  it('breaks the line where the device was silent', () => {
    const points = withGaps([[0, 1], [15, 2], [30, 3], [300, 4]], 15);
    expect(points.map(({ value }) => value)).toEqual([1, 2, 3, null, 4]);
  });

  it('does not break the line of a device that reports rarely but evenly', () => {
    const points = withGaps([[0, 1], [600, 2], [1200, 3]], 15);
    expect(points).toHaveLength(3);
  });

  it('joins equal neighbours into one stretch that lasts until the end', () => {
    expect(stretches([[0, true], [10, true], [20, false]], 60)).toEqual([
      { from: 0, to: 20, value: true },
      { from: 20, to: 60, value: false },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { makeAlert } from '../i18n/making';
import { countLeft, mergeAlerts, mergeDevices, totalLeft } from './merge';
import type { AlertView, DeviceView } from './types';

const NOW = 2000;
const sizes = (items: AlertView[]) => Object.fromEntries(items.map(({ incident }) => [incident, 1]));
const list = (...items: AlertView[]) => ({ items, counts: countLeft(items), incidents: sizes(items) });

describe('mergeAlerts', () => {
  it('adds a new alert and counts it', () => {
    const merged = mergeAlerts(list(), [makeAlert()], NOW);
    expect(merged.items).toHaveLength(1);
    expect(merged.counts.critical).toBe(1);
  });

  it('stops counting what was judged', () => {
    const judged = makeAlert({ verdict: 'true_alarm', version: 2 });
    expect(totalLeft(mergeAlerts(list(makeAlert()), [judged], NOW).counts)).toBe(0);
  });

  it('moves the count when the severity rises', () => {
    const before = list(makeAlert({ severity: 'minor' }));
    const { counts } = mergeAlerts(before, [makeAlert({ severity: 'major', version: 2 })], NOW);
    expect([counts.minor, counts.major]).toEqual([0, 1]);
  });

  it('ignores a copy older than the one shown', () => {
    const before = list(makeAlert({ version: 5, verdict: 'drill' }));
    const merged = mergeAlerts(before, [makeAlert({ version: 4 })], NOW);
    expect(merged.items[0]?.verdict).toBe('drill');
    expect(merged.counts.critical).toBe(0);
  });

  it('keeps a resolved alert for a moment, then forgets it', () => {
    const resolved = makeAlert({ handling: 'resolved', resolved_at: NOW, version: 2 });
    const merged = mergeAlerts(list(makeAlert()), [resolved], NOW);
    expect(merged.items).toEqual([resolved]);
    expect(merged.counts.critical).toBe(0);
    expect(mergeAlerts(merged, [], NOW + 61).items).toEqual([]);
  });

  it('takes no notice of a resolved alert it never showed', () => {
    const resolved = makeAlert({ handling: 'resolved', resolved_at: NOW });
    expect(mergeAlerts(list(), [resolved], NOW)).toEqual(list());
  });

  it('counts what it was told, also beyond what it holds', () => {
    const partial = { items: [], counts: { critical: 0, major: 700, minor: 0, notice: 0 }, incidents: {} };
    expect(mergeAlerts(partial, [makeAlert()], NOW).counts).toMatchObject({ critical: 1, major: 700 });
  });
});

describe('mergeAlerts and incidents', () => {
  const first = makeAlert({ id: 'first', incident: 'i' });

  it('counts a new member', () => {
    expect(mergeAlerts(list(first), [makeAlert({ id: 'second', incident: 'i' })], NOW).incidents).toEqual({ i: 2 });
  });

  it('counts a repeat once', () => {
    expect(mergeAlerts(list(first), [{ ...first, version: 2, repeats: 1 }], NOW).incidents).toEqual({ i: 1 });
  });

  it('follows an alert to another incident', () => {
    const moved = { ...first, version: 2, incident: 'j' };
    expect(mergeAlerts(list(first), [moved], NOW).incidents).toEqual({ i: 0, j: 1 });
  });

  it('forgets a resolved member', () => {
    const resolved = { ...first, version: 2, handling: 'resolved' as const, resolved_at: NOW };
    expect(mergeAlerts(list(first), [resolved], NOW).incidents).toEqual({ i: 0 });
  });
});

describe('mergeDevices', () => {
  const device = (id: string, online = true) => ({ id, online }) as DeviceView;

  it('replaces in place and appends the new', () => {
    const merged = mergeDevices([device('a'), device('b')], [device('b', false), device('c')]);
    expect(merged.map(({ id, online }) => [id, online])).toEqual([
      ['a', true],
      ['b', false],
      ['c', true],
    ]);
  });

  it('leaves unchanged devices the very same, so that their rows are not drawn again', () => {
    const untouched = device('a');
    expect(mergeDevices([untouched], [device('b')])[0]).toBe(untouched);
  });
});

import { describe, expect, it } from 'vitest';
import { makeAlert } from '../i18n/making';
import { arrange, neighbour, settle } from './order';

const critical = makeAlert({ id: 'critical', raised_at: 10 });
const major = makeAlert({ id: 'major', severity: 'major', raised_at: 30 });
const newer = makeAlert({ id: 'newer', severity: 'major', raised_at: 40 });
const judged = makeAlert({ id: 'judged', verdict: 'drill', raised_at: 50 });
const gone = makeAlert({ id: 'gone', handling: 'resolved', raised_at: 60 });

describe('settle', () => {
  it('puts the critical first, the newest of each on top, the judged last, the resolved nowhere', () => {
    expect(settle([major, gone, judged, newer, critical])).toEqual(['critical', 'newer', 'major', 'judged']);
  });

  it('does not depend on the order they came in', () => {
    const twins = ['b', 'a', 'c'].map((id) => makeAlert({ id }));
    expect(settle(twins)).toEqual(settle(twins.toReversed()));
  });
});

describe('incidents', () => {
  const first = makeAlert({ id: 'first', incident: 'i', severity: 'major', raised_at: 1 });
  const second = makeAlert({ id: 'second', incident: 'i', severity: 'major', raised_at: 2 });
  const grave = makeAlert({ id: 'grave', incident: 'i', raised_at: 3 });

  it('have one card: the gravest, of several the first', () => {
    expect(settle([second, first])).toEqual(['first']);
    expect(settle([second, first, grave])).toEqual(['grave']);
  });

  it('go on with the next once it is judged', () => {
    expect(settle([first, { ...grave, verdict: 'true_alarm' }])).toEqual(['first']);
  });

  it('are led by the cause, not by what it explains', () => {
    const cause = makeAlert({ id: 'cause', incident: 'i', severity: 'major', raised_at: 9 });
    expect(settle([{ ...first, suppressed_by: 'inhibit:cause', cause: 'cause' }, cause])).toEqual(['cause']);
  });

  it('show all members when unfolded', () => {
    expect(settle([second, first, grave], new Set(['i']))).toEqual(['grave', 'second', 'first']);
  });
});

describe('arrange', () => {
  it('keeps every card in its place while somebody is busy, and announces the new', () => {
    const result = arrange(['major', 'judged'], [major, judged, newer, critical], true);
    expect(result).toEqual({ shown: ['major', 'judged'], waiting: ['critical', 'newer'] });
  });

  it('keeps a card that was resolved meanwhile, so that none slides under the pointer', () => {
    expect(arrange(['gone', 'major'], [major, gone], true).shown).toEqual(['gone', 'major']);
  });

  it('lets everything in afterwards', () => {
    const result = arrange(['gone', 'major'], [major, gone, critical], false);
    expect(result).toEqual({ shown: ['critical', 'major'], waiting: [] });
  });

  it('disturbs nobody by filling an empty list', () => {
    expect(arrange([], [critical], true).shown).toEqual(['critical']);
  });
});

describe('neighbour', () => {
  const ids = ['a', 'b', 'c'];
  const at = (id: string, index = ids.indexOf(id)) => ({ id, index });

  it('walks and stops at the ends', () => {
    expect(neighbour(ids, at('a'), 1)).toBe('b');
    expect(neighbour(ids, at('c'), 1)).toBe('c');
    expect(neighbour(ids, at('a'), -1)).toBe('a');
  });

  it('begins at the top when nothing is selected', () => {
    expect(neighbour(ids, null, 1)).toBe('a');
    expect(neighbour([], null, 1)).toBeNull();
  });

  it('goes on where a judged card stood before it sank', () => {
    expect(neighbour(ids, at('c', 0), 1, true)).toBe('a');
    expect(neighbour(ids, at('c', 1), -1, true)).toBe('a');
  });

  it('goes on where a card stood that left the list', () => {
    expect(neighbour(ids, at('gone', 1), 1)).toBe('b');
    expect(neighbour(ids, at('gone', 9), 1)).toBe('c');
    expect(neighbour([], at('gone', 0), 1)).toBeNull();
  });

  it('walks from where the card is now when new ones pushed it down', () => {
    expect(neighbour(ids, at('b', 0), 1)).toBe('c');
  });
});

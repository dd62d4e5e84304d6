import type { TFunction } from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import { alertPlace, alertTitle, causeText, causes, whySentence } from './alerts';
import { makeAlert, translator } from './making';
import { buildingName, floorName, placeName } from './place';
import { ago, duration, moment } from './time';
import { valueText } from './values';

let en: TFunction;
let zh: TFunction;
beforeAll(async () => {
  en = await translator('en');
  zh = await translator('zh');
});

const english = { language: 'en', timezone: 'Asia/Shanghai' };

describe('places', () => {
  it.each(['3', 'b3', 'B-03', 'building 3', '3号楼', '3栋', '3#', '3号楼 Building 3', 'Block 3'])(
    'reads %s as building 3',
    (name) => {
      expect(buildingName(en, name)).toBe('Building 3');
      expect(buildingName(zh, name)).toBe('3号楼');
    },
  );

  it.each(['Clubhouse', '东门岗亭', '3号楼 Building 4', 'pool 2'])('leaves the proper name %s alone', (name) => {
    expect(buildingName(en, name)).toBe(name);
  });

  it('prefers the name that the site gives to an id', () => {
    const buildings = new Map([['x9', { id: 'x9', name: '12号楼', floors: [] }]]);
    expect(buildingName(en, 'x9', buildings)).toBe('Building 12');
  });

  it('tells storeys, basements and other floors', () => {
    expect([floorName(en, '12F'), floorName(zh, '12'), floorName(zh, 'B1'), floorName(en, 'roof')]).toEqual([
      'floor 12',
      '12层',
      '地下1层',
      'roof',
    ]);
  });

  it('leaves out what is not known, and says when nothing is', () => {
    expect(placeName(en, { building: 'b3', floor: '12F', zone: '' })).toBe('Building 3, floor 12');
    expect(placeName(zh, { building: 'b3', floor: '12F', zone: '电梯厅' })).toBe('3号楼 12层 电梯厅');
    expect(placeName(en, { building: '', floor: '', zone: '' })).toBe('Place not known');
  });

  it('sends people to the floor the car stands at, not to where the controller hangs', () => {
    const reason = { code: 'controller_code', values: { entrapment: true, floor: '9F' }, thresholds: {} };
    const alert = makeAlert({ kind: 'lift', reason, place: { name: '', building: 'b3', floor: '1F', zone: '' } });
    expect(alertPlace(en, alert)).toBe('Building 3, floor 9');
  });

  it('names the storeys and the column of a throw', () => {
    const reason = { code: 'fell', values: { floor_low: 9, floor_high: 11, column: 'B' }, thresholds: {} };
    const alert = makeAlert({ rule: 'falling_object', kind: 'camera', reason });
    expect(alertPlace(en, alert)).toBe('Building 3, floors 9 to 11, column B');
    expect(alertPlace(zh, alert)).toBe('3号楼 9至11层 B列');
  });
});

describe('titles and reasons', () => {
  it('calls a rule of the site by the name the site gave it', () => {
    const own = makeAlert({
      rule: 'garage_humid',
      reason: { code: 'condition_met', values: { humidity: 91 }, thresholds: {} },
      attributes: { title: { zh: '车库潮湿', en: 'Garage damp' } },
    });
    expect([alertTitle(en, own), alertTitle(zh, own)]).toEqual(['Garage damp', '车库潮湿']);
    expect(whySentence(zh, own)).toContain('自定义规则');
  });

  it('names the alarm that the device gave', () => {
    expect(alertTitle(en, makeAlert())).toBe('Smoke alarm');
    const gas = makeAlert({ reason: { code: 'state_true', values: { gas: true }, thresholds: {} } });
    expect(alertTitle(zh, gas)).toBe('燃气报警');
  });

  it('never lets a test look like the real thing', () => {
    expect(alertTitle(en, makeAlert({ test: true }))).toBe('Test: Smoke alarm');
  });

  it('puts duress before the forced door', () => {
    const duress = makeAlert({ rule: 'gate_forced', reason: { code: 'duress', values: {}, thresholds: {} } });
    expect(alertTitle(en, duress)).toBe('Door opened under threat');
  });

  it('still says something about a rule it does not know', () => {
    const odd = makeAlert({ rule: 'tree_fell', reason: { code: 'odd', values: {}, thresholds: {} } });
    expect(alertTitle(en, odd)).toBe('tree fell');
    expect(whySentence(en, odd)).toContain('tree_fell');
  });

  it('explains by the code, else by the rule', () => {
    expect(whySentence(en, makeAlert())).toBe('The device itself reports: Smoke.');
    const other = makeAlert({ rule: 'water_leak', reason: { code: 'new_code', values: {}, thresholds: {} } });
    expect(whySentence(en, other)).toContain('feels water');
  });

  it('offers causes that fit the rule, and no more than there are number keys', () => {
    expect(causes('smoke_alarm')[0]).toBe('cooking');
    expect(causes('unheard_of')).toEqual(['maintenance', 'malfunction', 'other']);
    expect(causes('smoke_alarm').length).toBeLessThanOrEqual(9);
  });

  it('translates the cause and keeps the words', () => {
    expect(causeText(zh, 'cooking')).toBe('做饭油烟');
    expect(causeText(en, 'other: a kite: red')).toBe('Something else: a kite: red');
    expect(causeText(en, 'written by hand')).toBe('written by hand');
  });
});

describe('times', () => {
  it.each([
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3599, '59 min'],
    [3600, '1 h 0 min'],
    [90_000, '1 d 1 h'],
    [-5, '0 s'],
  ])('says %d seconds as %s', (seconds, text) => {
    expect(duration(en, seconds)).toBe(text);
  });

  it('says ago, or never', () => {
    expect(ago(zh, 940, 1000)).toBe('1 分钟前');
    expect(ago(en, null, 1000)).toBe('never');
  });

  it('shows the clock of the site', () => {
    expect(moment(0, 'en', 'Asia/Shanghai')).toContain('08:00:00');
  });
});

describe('values', () => {
  it.each([
    ['temperature', 21.456, '21.5 °C'],
    ['dwell_s', 120, '2 min'],
    ['score', 0.934, '93.4 %'],
    ['smoke', true, 'yes'],
    ['tamper', null, 'unknown'],
    ['car_state', 'running', 'running'],
    ['floor', 'B1', 'basement 1'],
    ['run_count', 12_345, '12,345'],
  ])('says %s %s as %s', (name, value, text) => {
    expect(valueText(en, name, value, english)).toBe(text);
  });

  it('shows moments as moments', () => {
    expect(valueText(en, 'last_seen', 0, english)).toContain('1970');
  });

  it('never hides what it does not know', () => {
    expect(valueText(en, 'odd', { a: 1 }, english)).toBe('{"a":1}');
  });
});

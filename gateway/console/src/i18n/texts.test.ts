import { describe, expect, it } from 'vitest';
import { en, firstLanguage, zh } from './index';

type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flatten(value, `${prefix}${key}.`),
  );
}

const placeholders = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();

const english = new Map(flatten(en));
const chinese = new Map(flatten(zh));
const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.*'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

describe('texts', () => {
  it('has the same keys in both languages', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('leaves no text empty, and no English in the Chinese', () => {
    for (const [key, text] of chinese) {
      if (key === 'place.separator') continue;
      expect(text, key).not.toBe('');
      expect(/[\u4e00-\u9fff]/.test(text) || placeholders(text).length > 0, key).toBe(true);
    }
  });

  it('fills the same placeholders in both languages', () => {
    const plural = (key: string) => /_(one|other)$/.test(key);
    for (const [key, text] of english) {
      if (!plural(key)) expect(placeholders(chinese.get(key) ?? ''), key).toEqual(placeholders(text));
    }
  });

  it('knows every key that a page asks for by its full name', () => {
    const asked = Object.entries(sources).flatMap(([file, source]) =>
      [...source.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((match) => ({ file, key: match[1] ?? '' })),
    );
    expect(asked.length).toBeGreaterThan(80);
    const known = (key: string) => english.has(key) || english.has(`${key}_other`);
    expect(asked.filter(({ key }) => !known(key))).toEqual([]);
  });
});

describe('firstLanguage', () => {
  it('prefers what was chosen on this screen', () => {
    expect(firstLanguage('en', 'zh-CN')).toBe('en');
  });

  it('follows the browser otherwise', () => {
    expect(firstLanguage(null, 'zh-TW')).toBe('zh');
    expect(firstLanguage(null, 'de-DE')).toBe('en');
  });
});

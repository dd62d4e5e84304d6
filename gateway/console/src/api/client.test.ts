import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, Unreachable, get, post } from './client';
import { noteServerTime, now } from './clock';

function answer(body: unknown, init: ResponseInit = {}) {
  const fetched = vi.fn<typeof fetch>().mockResolvedValue(new Response(JSON.stringify(body), init));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

describe('client', () => {
  it('leaves out what is not asked for', async () => {
    const fetched = answer({});
    await get('/alerts', { state: 'open', before: undefined, q: '' });
    expect(fetched.mock.calls[0]?.[0]).toBe('/api/alerts?state=open');
  });

  it('marks what changes something as its own, against forged requests', async () => {
    const fetched = answer({});
    await post('/logout');
    expect(fetched.mock.calls[0]?.[1]?.headers).toMatchObject({ 'X-Requested-With': 'community-gateway' });
  });

  it('passes on the detail of a problem', async () => {
    answer({ detail: 'the alert changed meanwhile' }, { status: 409 });
    await expect(get('/alerts/x')).rejects.toMatchObject({ status: 409, detail: 'the alert changed meanwhile' });
  });

  it('survives an error that is no JSON', async () => {
    vi.stubGlobal('fetch', vi.fn().mockResolvedValue(new Response('<h1>Bad gateway</h1>', { status: 502 })));
    await expect(get('/site')).rejects.toBeInstanceOf(ApiError);
  });

  it('tells silence from refusal', async () => {
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('refused')));
    await expect(get('/site')).rejects.toBeInstanceOf(Unreachable);
  });

  it('answers a 204 with nothing', async () => {
    vi.stubGlobal('fetch', vi.fn().mockResolvedValue(new Response(null, { status: 204 })));
    await expect(post('/logout')).resolves.toBeUndefined();
  });
});

describe('clock', () => {
  const local = Date.parse('2026-01-01T00:00:00Z');

  it('corrects a screen whose clock is wrong', () => {
    noteServerTime('Thu, 01 Jan 2026 01:00:00 GMT', local);
    expect(now() - Date.now() / 1000).toBeCloseTo(3600, 0);
  });

  it('ignores differences that the network explains, and headers that are none', () => {
    noteServerTime('Thu, 01 Jan 2026 00:00:02 GMT', local);
    expect(now() - Date.now() / 1000).toBeCloseTo(0, 0);
    noteServerTime('soon', local);
    expect(now() - Date.now() / 1000).toBeCloseTo(0, 0);
  });
});

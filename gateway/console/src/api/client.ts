import { noteServerTime } from './clock';

/** An answer that is not a success: RFC 9457 problem details, or what can be said without them. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail || `HTTP ${status}`);
  }
}

/** The gateway did not answer at all. */
export class Unreachable extends Error {}

type Query = Record<string, string | number | undefined>;

function address(path: string, query?: Query): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return `/api${path}${search ? `?${search}` : ''}`;
}

async function problem(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const detail = body && typeof body === 'object' && 'detail' in body ? body.detail : '';
  return new ApiError(response.status, typeof detail === 'string' ? detail : JSON.stringify(detail));
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Unreachable(path, { cause });
  }
  noteServerTime(response.headers.get('date'));
  if (!response.ok) throw await problem(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return call<T>(address(path, query), signal ? { signal } : {});
}

export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return call<T>(address(path), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'community-gateway' },
    body: JSON.stringify(body),
  });
}

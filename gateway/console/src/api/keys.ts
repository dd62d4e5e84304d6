/** Names of what is kept in the query cache. */
export const keys = {
  me: ['me'] as const,
  site: ['site'] as const,
  open: ['alerts', 'open'] as const,
  alert: (id: string) => ['alert', id] as const,
  devices: ['devices'] as const,
  device: (id: string) => ['device', id] as const,
  history: (id: string, range: string) => ['history', id, range] as const,
  quarantine: ['quarantine'] as const,
  deadLetters: ['dead-letters'] as const,
  health: ['health'] as const,
};

import { createTheme } from '@mantine/core';

/** Only fonts that machines have: the security room may have no internet. */
const FONTS =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';

export const theme = createTheme({
  fontFamily: FONTS,
  headings: { fontFamily: FONTS, fontWeight: '650' },
  primaryColor: 'gateway',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
  colors: {
    dark: [
      '#eef3f7', '#c3cdd7', '#a3b1be', '#7f8e9c', '#465665', '#364451', '#232e39', '#19222b', '#131a21', '#0f151b',
    ],
    gateway: [
      '#eaf5fb', '#d5e8f3', '#a8d0e6', '#78b7d9', '#52a2ce', '#3a95c8', '#2b84b8', '#0b6a9c', '#0b5c8a', '#074a70',
    ],
  },
});

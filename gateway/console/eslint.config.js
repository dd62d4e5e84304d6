import js from '@eslint/js';
import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  ...ts.configs.strict,
  hooks.configs.flat['recommended-latest'],
  a11y.flatConfigs.recommended,
  { files: ['**/*.{ts,tsx}'], languageOptions: { globals: globals.browser } },
  { files: ['public/*.js'], languageOptions: { globals: globals.browser, sourceType: 'script' } },
  {
    rules: {
      'max-lines': ['error', 400],
      complexity: ['error', 15],
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
);

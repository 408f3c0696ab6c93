import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

const features = ['new', 'runs', 'run', 'diffs', 'scoreboard', 'evidence', 'later'];
const tauri = { group: ['@tauri-apps/*'], message: 'Only src/host may talk to Tauri.' };
const recorded = { group: ['**/fixtures/*', '**/fixtures'], message: 'Only the recorded host may read fixtures.' };

export default ts.config(
  { ignores: ['dist/', 'dist-recorded/', 'node_modules/', 'src/api/types.ts'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({
          property,
          message: 'Untrusted text is shown as text nodes only.',
        })),
      ],
      'no-restricted-imports': ['error', { patterns: [tauri, recorded] }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'] } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      // Maps and sets are plain on purpose: they are replaced whole, once per frame.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            tauri,
            recorded,
            {
              group: features.filter((other) => other !== feature).flatMap((other) => [`**/features/${other}/**`, `../${other}/**`]),
              message: 'A feature never imports another feature; share through kit or state.',
            },
          ],
        },
      ],
    },
  })),
  { files: ['src/host/**', 'tests/**', 'src/**/*.test.ts', 'fixtures/**'], rules: { 'no-restricted-imports': 'off' } },
);

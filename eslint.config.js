import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.paramedic/', 'artifacts/', 'coverage/'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Indexing a typed array inside its checked bounds needs no second check; every other use says why.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // Domain code is pure: time, chance and the outside world are arguments.
    files: ['src/domain/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'Date',
          'process',
          'fetch',
          'console',
          'Buffer',
          'performance',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'crypto',
        ].map((name) => ({
          name,
          message: 'src/domain is pure: take it as an argument.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Take a seeded generator as an argument.' },
      ],
    },
  },
  {
    // What an older server leaves out and what is null are one to the page: nothing to show.
    files: ['src/server/web/**/*.{ts,tsx}'],
    rules: { eqeqeq: ['error', 'always', { null: 'ignore' }] },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'torture/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);

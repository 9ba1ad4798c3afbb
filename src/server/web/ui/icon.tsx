/** Shapes by name, 16 × 16: each state has one of its own, so that colour says nothing alone. */
const SHAPES = {
  check: 'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM4.8 8.2l2.2 2.2 4.2-4.6',
  ring: 'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z',
  dash: 'M3 8h10',
  triangle: 'M8 2 15 14H1L8 2ZM8 6.5v3.4M8 11.6v.8',
  octagon: 'M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3l3.8-3.8ZM8 4.6v4M8 10.6v.9',
  diamond:
    'M8 1.2 14.8 8 8 14.8 1.2 8 8 1.2ZM6.3 6.6a1.8 1.8 0 1 1 2.5 1.6c-.5.2-.8.6-.8 1.2M8 11v.6',
  wrench:
    'M13.8 3.9a3.6 3.6 0 0 1-4.8 4.5l-5 5a1.4 1.4 0 0 1-2-2l5-5a3.6 3.6 0 0 1 4.5-4.8L9.2 4v2.3h2.4l2.2-2.4Z',
  undo: 'M5 2.5 1.8 5.7 5 8.9M2 5.7h7.2a4.6 4.6 0 0 1 0 9.2H5.5',
  pause: 'M5 3v10M11 3v10',
  clock: 'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM8 4.2V8l2.6 1.8',
  cross: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  skip: 'M3 3.5 8 8l-5 4.5v-9ZM9.5 3.5l4 4.5-4 4.5',
  person: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14.5c.6-3 2.7-4.7 5.5-4.7s4.9 1.7 5.5 4.7',
  gauge: 'M1.8 12a6.6 6.6 0 1 1 12.4 0M8 10.5 11 6.2',
  pulse: 'M1 9h3l1.6-4.5L8.4 13 10.5 7l1 2H15',
  graph:
    'M4 6.2A2.2 2.2 0 1 0 4 1.8a2.2 2.2 0 0 0 0 4.4ZM12 14.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM12 5.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM5.6 5.6l4.8 4.8M6.2 4h4',
  list: 'M5.5 3.5H14M5.5 8H14M5.5 12.5H14M2 3.5h.6M2 8h.6M2 12.5h.6',
  out: 'M6.5 3H3v10h10V9.5M9.5 2.5h4v4M13.2 2.8 7.5 8.5',
  broken: 'M2 8h3.2M10.8 8H14M5.2 8l4.4-3.8',
  closed: 'M2 8h12M5.2 6.2v3.6M10.8 6.2v3.6',
  lock: 'M3.5 7h9v7h-9V7ZM5.2 7V4.8a2.8 2.8 0 0 1 5.6 0V7',
  up: 'M8 13V3M4 7l4-4 4 4',
  down: 'M8 3v10M4 9l4 4 4-4',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  power: 'M8 1.8v5.7M4.6 4A5.6 5.6 0 1 0 11.4 4',
  bell: 'M3.5 11.5V7.2a4.5 4.5 0 0 1 9 0v4.3l1 1.2h-11l1-1.2ZM6.6 14.6h2.8',
} as const;

/** The name of a shape. */
export type Shape = keyof typeof SHAPES;

/** A shape beside a word, in the word's colour; hidden from readers, since the word says it. */
export function Icon({ shape }: { readonly shape: Shape }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={SHAPES[shape]} />
    </svg>
  );
}

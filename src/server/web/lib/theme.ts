import { signal } from '@preact/signals';

/** `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'paramedic.theme';
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

const stored = localStorage.getItem(KEY);
export const theme = signal<Theme>(THEMES.find((one) => one === stored) ?? 'auto');
const system = matchMedia('(prefers-color-scheme: dark)');
/** What is shown now. Canvases read it, so that they are drawn again in the other colours. */
export const isDark = signal(false);

function apply(): void {
  isDark.value = theme.value === 'dark' || (theme.value === 'auto' && system.matches);
  document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
}
system.addEventListener('change', apply);
apply();

/** Takes a theme and remembers it on this device. */
export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEY, next);
  apply();
}

/** A colour of the design system as it is now, for canvases. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

import { useEffect, useRef } from 'preact/hooks';
import { isDark } from '../lib/theme.js';

/** Draws into a canvas of that size in CSS pixels. */
export type Draw = (context: CanvasRenderingContext2D, width: number, height: number) => void;

/**
 * Draws when it comes into sight, and again when it changes, is resized or the theme does: two hundred
 * of them on a page cost what the visible ones cost.
 */
export function useCanvas(draw: Draw, dependencies: readonly unknown[]) {
  const ref = useRef<HTMLCanvasElement>(null);
  const dark = isDark.value;
  useEffect(() => {
    const canvas = ref.current;
    if (canvas === null) return undefined;
    let isVisible = false;
    let frame = 0;
    const paint = () => {
      frame = 0;
      const { clientWidth: width, clientHeight: height } = canvas;
      const context = canvas.getContext('2d');
      if (context === null || width === 0) return;
      const ratio = window.devicePixelRatio;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      context.scale(ratio, ratio);
      draw(context, width, height);
    };
    const ask = () => {
      if (isVisible && frame === 0) frame = requestAnimationFrame(paint);
    };
    const seen = new IntersectionObserver((entries) => {
      isVisible = entries.some((entry) => entry.isIntersecting);
      ask();
    });
    const sized = new ResizeObserver(ask);
    seen.observe(canvas);
    sized.observe(canvas);
    return () => {
      seen.disconnect();
      sized.disconnect();
      cancelAnimationFrame(frame);
    };
    // The caller names what the drawing depends on.
  }, [dark, ...dependencies]);
  return ref;
}

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Rows beyond the edges, so that scrolling never shows a gap. */
const SPARE = 6;

/** A list of rows of one height, of which only those in sight exist. Each row is placed by `style`. */
export function VirtualList<T>(props: {
  readonly items: readonly T[];
  readonly rowHeight: number;
  readonly label: string;
  readonly row: (
    item: T,
    style: Readonly<Record<string, string>>,
    index: number,
  ) => ComponentChildren;
}) {
  const { items, rowHeight } = props;
  const ref = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(800);
  useEffect(() => {
    const box = ref.current;
    if (box === null) return undefined;
    const sized = new ResizeObserver(() => (height.value = box.clientHeight));
    sized.observe(box);
    return () => sized.disconnect();
  }, [height]);
  const first = Math.max(0, Math.floor(top.value / rowHeight) - SPARE);
  const last = Math.min(items.length, Math.ceil((top.value + height.value) / rowHeight) + SPARE);
  return (
    <div
      class="virtual"
      ref={ref}
      role="region"
      aria-label={props.label}
      tabIndex={0}
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      <div class="inner" role="list" style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, i) => {
          const index = first + i;
          return props.row(
            item,
            { top: `${index * rowHeight}px`, height: `${rowHeight}px` },
            index,
          );
        })}
      </div>
    </div>
  );
}

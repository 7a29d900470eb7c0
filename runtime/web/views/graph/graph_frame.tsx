/** The frame of a drawing: its tools, and the drawing in a box that scrolls. */
import type { ComponentChildren, VNode } from "preact";

/**
 * A drawing up to this width is shrunk to the page and is still readable; a wider drawing
 * is scrolled.
 */
const FITTED = 1_800;

export interface GraphFrameProps {
  readonly label: string;
  /** What the drawing shows, and where the same is as text. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** In addition to that of a graph. */
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function GraphFrame({ label, title, width, height, ...props }: GraphFrameProps): VNode {
  return (
    <section class="graph-frame" aria-label={label}>
      <GraphTools />
      <div class={`scroll graph ${props.class ?? ""}`}>
        <svg
          class={width <= FITTED ? "fit" : undefined}
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          aria-label={title}
        >
          {props.children}
        </svg>
      </div>
    </section>
  );
}

const TOOLS = [
  { zoom: "out", label: "−", title: "Smaller (key -)" },
  { zoom: "in", label: "+", title: "Larger (key +)" },
  { zoom: "fit", label: "Fit", title: "The whole graph (key 0)" },
  { zoom: "full", label: "1:1", title: "Its own size (key 1)" },
] as const;

/** Shown where scripts run: without them, the browser zooms and finds. */
function GraphTools(): VNode {
  return (
    <p class="graph-tools">
      {TOOLS.map(({ zoom, label, title }) => (
        <button type="button" class="button small" data-zoom={zoom} title={title}>
          {label}
        </button>
      ))}
      <input
        type="search"
        data-find-node
        placeholder="Find in the graph"
        aria-label="Find in the graph"
        title="Enter shows the next one"
      />
      <output class="faint" data-found-nodes />
    </p>
  );
}

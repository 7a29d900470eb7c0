/**
 * The layout of a graph: a position for everything. It is computed once for each version,
 * in a separate thread, because a large graph takes seconds.
 */

/**
 * Raised when the shape or the look of layouts changes: stored layouts are then computed
 * again.
 */
export const LAYOUT_FORMAT = 3;

/** The graph to lay out. Sizes in CSS pixels. */
export interface GraphRequest {
  readonly nodes: readonly {
    readonly id: string;
    readonly width: number;
    readonly height: number;
    readonly box: string | null;
  }[];
  /** Boxes around nodes, none of them empty; inner boxes after outer ones. */
  readonly boxes: readonly {
    readonly id: string;
    readonly box: string | null;
    readonly leastWidth: number;
  }[];
  /** Between nodes, boxes, or one of each; never between a box and a node in it. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** A node or a box, by its upper left corner. */
export interface Placed {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Point = readonly [x: number, y: number];

/** The position of everything. */
export interface GraphLayout {
  readonly format: typeof LAYOUT_FORMAT;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Placed[];
  readonly boxes: readonly Placed[];
  /**
   * From the right side of the start to the left side of the end, through the points of
   * the edge.
   */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly points: readonly Point[];
  }[];
}

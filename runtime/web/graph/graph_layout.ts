/** A graph with a place for everything: computed once for each version, in a thread of its own, because a large graph takes seconds. */

/** Raised when the layout changes its shape or its looks: what was kept before is then laid out anew. */
export const LAYOUT_FORMAT = 2;

/** What is to be placed. Sizes in CSS pixels. */
export interface GraphRequest {
  readonly nodes: readonly {
    readonly id: string;
    readonly width: number;
    readonly height: number;
    readonly box: string | null;
  }[];
  /** Boxes around nodes, none of them empty; those inside others after them. */
  readonly boxes: readonly {
    readonly id: string;
    readonly box: string | null;
    readonly leastWidth: number;
  }[];
  /** Between nodes, boxes, or one of each; never between a box and what is in it. */
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

/** Where everything lies. */
export interface GraphLayout {
  readonly format: typeof LAYOUT_FORMAT;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Placed[];
  readonly boxes: readonly Placed[];
  /** From the right of one end to the left of the other, by the points that the edge passes. */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly points: readonly Point[];
  }[];
}

/** A graph with a place for everything: computed once for each version, in a thread of its own, because a large graph takes seconds. */

/** What is to be placed. Sizes in CSS pixels. */
export interface GraphRequest {
  readonly nodes: readonly { readonly id: string; readonly width: number; readonly height: number }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** Where everything lies: nodes by their upper left corner, edges by the points that they pass. */
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly {
    readonly id: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly points: readonly (readonly [number, number])[] }[];
}

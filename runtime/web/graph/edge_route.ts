/**
 * The route of an edge through boxes: one step for each box that it leaves, one for the
 * box that contains both ends, and one for each box that it enters.
 */

/**
 * One step: within a box, between two of its children, or between a child and the border.
 */
export interface Step {
  /** The same for edges that share the step; they are then one line there. */
  readonly key: string;
  /** The box; null: the area around all boxes. */
  readonly within: string | null;
  /** Null: from the border. */
  readonly from: StepEnd | null;
  /** Null: to the border. */
  readonly to: StepEnd | null;
}

export interface StepEnd {
  /** The child. */
  readonly id: string;
  /**
   * The key of the next step inside the child, when the child is a box that the edge
   * passes.
   */
  readonly gate: string;
}

/** Id of a node or a box to the box that it is in. */
export type Parents = ReadonlyMap<string, string | null>;

/** @returns the steps, from start to end */
export function routeOf(from: string, to: string, parents: Parents): readonly Step[] {
  const [leaving, entering] = [`from ${from}`, `to ${to}`];
  const [up, down] = [placesOf(from, parents), placesOf(to, parents)];
  const exits = up.findIndex(({ within }) => down.some((place) => place.within === within));
  const entries = down.findIndex(({ within }) => within === up[exits]?.within);
  const end = (id: string | undefined, gate: string): StepEnd | null =>
    id === undefined ? null : { id, gate };
  return [
    ...up
      .slice(0, exits)
      .map(({ id, within }) => ({ key: leaving, within, from: { id, gate: leaving }, to: null })),
    {
      key: `${from} ${to}`,
      within: up[exits]?.within ?? null,
      from: end(up[exits]?.id, leaving),
      to: end(down[entries]?.id, entering),
    },
    ...down
      .slice(0, entries)
      .map(({ id, within }) => ({ key: entering, within, from: null, to: { id, gate: entering } }))
      .toReversed(),
  ];
}

/** The node in its box, that box in the box around it, and so on. */
function placesOf(
  id: string,
  parents: Parents,
): readonly { readonly id: string; readonly within: string | null }[] {
  const within = parents.get(id) ?? null;
  return [{ id, within }, ...(within === null ? [] : placesOf(within, parents))];
}

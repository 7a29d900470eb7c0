/** The way of an edge through boxes: one step for each box that it leaves, for the one that holds both its ends, and for each that it enters. */

/** One step: within a box, between two of its children, or between one and the border. */
export interface Step {
  /** The same for edges that share the step, which are then one line there. */
  readonly key: string;
  /** The box; null: what is around all boxes. */
  readonly within: string | null;
  /** Null: from the border. */
  readonly from: StepEnd | null;
  /** Null: to the border. */
  readonly to: StepEnd | null;
}

export interface StepEnd {
  /** The child. */
  readonly id: string;
  /** The key of the step inside it that goes on from here, when it is a box that is passed. */
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

/** It in its box, that in the box around it, and so on. */
function placesOf(
  id: string,
  parents: Parents,
): readonly { readonly id: string; readonly within: string | null }[] {
  const within = parents.get(id) ?? null;
  return [{ id, within }, ...(within === null ? [] : placesOf(within, parents))];
}

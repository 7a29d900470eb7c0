/**
 * The heading of a line that shows a task or a group: indented by the groups around it,
 * and for a group with the link to fold it.
 */
import type { ComponentChildren, VNode } from "preact";
import type { DagSpec } from "../../../../sdk/spec/index.ts";
import { allToggled, type Folds, toggled } from "../../groups/folded_groups.ts";
import { groupAnchor, type TreeRow } from "../../groups/group_tree.ts";
import { Id } from "../parts/id.tsx";

/** Deeper lines are not indented further. */
const DEEPEST = 6;

export interface RowNameProps {
  readonly row: TreeRow;
  readonly folds: Folds;
  /** In addition to the classes of its depth. */
  readonly class?: string | undefined;
  readonly title?: string | undefined;
  /** The name as a link. A group also has the link to fold it then. */
  readonly name?: VNode;
  readonly children?: ComponentChildren;
}

export function RowName({ row, folds, class: more, title, name, children }: RowNameProps): VNode {
  const { item, depth } = row;
  const classes = [
    depth > 0 && `in${Math.min(depth, DEEPEST)}`,
    item.type === "group" && "group",
    more,
  ]
    .filter(Boolean)
    .join(" ");
  return (
    <th
      scope="row"
      class={classes || undefined}
      title={title ?? (item.name === item.id ? undefined : item.id)}
    >
      {item.type === "group" && <Fold row={row} folds={folds} isNamed={name === undefined} />}
      {name ?? (item.type === "task" && <Id text={item.name} />)}
      {children}
    </th>
  );
}

interface FoldProps {
  readonly row: TreeRow;
  readonly folds: Folds;
  /** Whether it shows the name. */
  readonly isNamed: boolean;
}

function Fold({ row: { item, isFolded }, folds, isNamed }: FoldProps): VNode {
  return (
    <a
      class="fold"
      href={`${toggled(folds, item.id)}#${groupAnchor(item.id)}`}
      aria-expanded={isFolded ? "false" : "true"}
      data-fold
    >
      <span class={isNamed ? undefined : "hidden"}>
        <Id text={item.name} />
      </span>
    </a>
  );
}

/** Folds all outermost groups, or unfolds all folded groups. */
export function FoldAll({
  spec,
  folds,
}: {
  readonly spec: Pick<DagSpec, "groups">;
  readonly folds: Folds;
}): VNode | null {
  const href = allToggled(folds, spec);
  return href === null ? null : (
    <>
      {" "}
      <a class="fold-all" href={href} data-fold>
        {folds.folded.size > 0 ? "unfold all" : "fold groups"}
      </a>
    </>
  );
}

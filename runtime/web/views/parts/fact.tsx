/** One fact in the list on top of a page: a name and a value. */
import type { ComponentChildren, VNode } from "preact";

export function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A list in pages: a table, and the way to the page after it. */
import type { ComponentChildren, VNode } from "preact";

export interface PagedTableProps {
  /** Headings of the columns; what is false is left out. */
  readonly columns: readonly (string | false)[];
  /** The rows. */
  readonly children: ComponentChildren;
  /** The address of the page after this one; null when it is the last. */
  readonly next: string | null;
  /** What the way there is called. Default: Older, for lists that begin with the newest. */
  readonly nextLabel?: string;
}

/** For lists that have something: of an empty one its page says in words that it is. */
export function PagedTable({
  columns,
  children,
  next,
  nextLabel = "Older",
}: PagedTableProps): VNode {
  return (
    <>
      <table class="list">
        <thead>
          <tr>{columns.map((column) => column !== false && <th>{column}</th>)}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
      {next !== null && (
        <p class="pages">
          <a class="button" href={next}>
            {nextLabel}
          </a>
        </p>
      )}
    </>
  );
}

/** A list in pages: a table, and the link to the next page. */
import type { ComponentChildren, VNode } from "preact";

export interface PagedTableProps {
  /** Headings of the columns; a false value is left out. */
  readonly columns: readonly (string | false)[];
  /** The rows. */
  readonly children: ComponentChildren;
  /** The address of the next page; null on the last. */
  readonly next: string | null;
  /** The text of that link. Default: Older, for lists that begin with the newest. */
  readonly nextLabel?: string;
}

/** For lists with rows: the page itself says that a list is empty. */
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

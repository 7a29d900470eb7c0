/** The list of connections or of variables: where each is set, and which DAGs use it. */
import type { ComponentChildren, VNode } from "preact";
import type { SecretList, SecretRow } from "../../read/read_secrets.ts";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";

export interface SecretTableProps {
  readonly list: SecretList;
  readonly name: string;
  /** Default: true. */
  readonly hasTypes?: boolean;
  readonly cell: (row: SecretRow) => ComponentChildren;
  /** The last column; undefined: there is none. */
  readonly actions: ((row: SecretRow) => ComponentChildren) | undefined;
}

export function SecretTable({
  list,
  name,
  hasTypes = true,
  cell,
  actions,
}: SecretTableProps): VNode {
  return (
    <>
      <table class="list">
        <thead>
          <tr>
            <th>{name}</th>
            {hasTypes && <th>Type</th>}
            <th>Set in</th>
            <th>Changed</th>
            <th>Used by</th>
            <th>Last used</th>
            {actions && <th>Change</th>}
          </tr>
        </thead>
        <tbody>
          {list.rows.map((row) => (
            <tr>
              <th scope="row">{cell(row)}</th>
              {hasTypes && <td>{row.type}</td>}
              <td>{row.source}</td>
              <td>{row.updatedAt && <Time at={row.updatedAt} />}</td>
              <td>
                {row.usedBy.map((dagId, at) => (
                  <>
                    {at > 0 && ", "}
                    <a href={`/dags/${dagId}`}>
                      <Id text={dagId} />
                    </a>
                  </>
                ))}
              </td>
              <td>{row.lastUsedAt && <Time at={row.lastUsedAt} />}</td>
              {actions && <td>{row.source === "database" ? actions(row) : "read-only"}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {list.unlisted.length > 0 && (
        <p class="faint">More may be in {list.unlisted.join(" and ")}, which cannot be listed.</p>
      )}
    </>
  );
}

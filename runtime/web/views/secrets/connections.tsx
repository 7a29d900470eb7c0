/** The page of all connections. */
import type { VNode } from "preact";
import type { SecretList } from "../../read/read_secrets.ts";
import { type SetupPlace, SetupTabs } from "../frame/setup_tabs.tsx";
import { SecretTable } from "./secret_table.tsx";

export interface ConnectionsProps {
  readonly list: SecretList;
  readonly mayEdit: boolean;
  readonly places: readonly SetupPlace[];
}

export function ConnectionsPage({ list, mayEdit, places }: ConnectionsProps): VNode {
  return (
    <section id="connections">
      <div class="title">
        <h1>Connections</h1>
        <span class="grow" />
        {mayEdit && (
          <a class="button primary" href="/new/connection">
            New connection
          </a>
        )}
      </div>
      <SetupTabs at="connections" places={places} />
      {list.rows.length === 0 ? (
        <p class="nothing">
          There are no connections. Create one here, or with <code>dag connections set</code>.
        </p>
      ) : (
        <SecretTable
          list={list}
          name="Connection"
          cell={({ id, source }) =>
            mayEdit && source === "database" ? <a href={`/connections/${id}`}>{id}</a> : id
          }
          actions={undefined}
        />
      )}
    </section>
  );
}

/** The page of all variables. Their values are only written. */
import type { VNode } from "preact";
import type { SecretList } from "../../read/read_secrets.ts";
import { type SetupPlace, SetupTabs } from "../frame/setup_tabs.tsx";
import { Field } from "../parts/field.tsx";
import { PostButton } from "../parts/form.tsx";
import { SecretTable } from "./secret_table.tsx";

export interface VariablesProps {
  readonly list: SecretList;
  /** Undefined: the user may not change variables. */
  readonly token: string | undefined;
  readonly error: string | undefined;
  readonly places: readonly SetupPlace[];
}

export function VariablesPage({ list, token, error, places }: VariablesProps): VNode {
  return (
    <section id="variables">
      <div class="title">
        <h1>Variables</h1>
      </div>
      <SetupTabs at="variables" places={places} />
      {error !== undefined && (
        <p class="refused" role="alert">
          {error}
        </p>
      )}
      {list.rows.length === 0 ? (
        <p class="nothing">There are no variables.</p>
      ) : (
        <SecretTable
          list={list}
          name="Variable"
          hasTypes={false}
          cell={({ id }) => id}
          actions={
            token === undefined
              ? undefined
              : ({ id, version }) => <Change id={id} version={version ?? 0} token={token} />
          }
        />
      )}
      {token !== undefined && (
        <details open={list.rows.length === 0}>
          <summary>New variable</summary>
          <VariableForm token={token} version={0} />
        </details>
      )}
    </section>
  );
}

interface ChangeProps {
  readonly id: string;
  readonly version: number;
  readonly token: string;
}

function Change({ id, version, token }: ChangeProps): VNode {
  return (
    <details>
      <summary>Change {id}</summary>
      <VariableForm id={id} version={version} token={token} />
      <PostButton
        opensAnswer
        action={`/variables/${id}/delete`}
        fields={{ version }}
        token={token}
        class="button small danger"
        confirm={`Delete variable ${id}?`}
      >
        Delete
      </PostButton>
    </details>
  );
}

function VariableForm({ id, version, token }: Omit<ChangeProps, "id"> & { readonly id?: string }) {
  return (
    <form class="sheet" method="post" action="/variables">
      <input type="hidden" name="_form" value={token} />
      <input type="hidden" name="version" value={version} />
      {id === undefined ? (
        <Field label="Key" hint="Letters, digits, and _ - .">
          <input name="key" required maxLength={200} autocapitalize="off" />
        </Field>
      ) : (
        <input type="hidden" name="key" value={id} />
      )}
      <Field label="New value" hint="It is stored encrypted, and never shown.">
        <textarea name="value" rows={3} required autocomplete="off" />
      </Field>
      <p>
        <button type="submit" class="button primary">
          Save
        </button>
      </p>
    </form>
  );
}

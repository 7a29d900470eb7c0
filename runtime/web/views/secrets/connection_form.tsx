/** The form of a connection, made from the fields of its type, and the choice of a type. */
import type { VNode } from "preact";
import type { DescribedType } from "../../../connections/connection_types.ts";
import type { SecretRow } from "../../read/read_secrets.ts";
import { ParamFields, type ParamFieldsProps } from "../params/param_field.tsx";
import { Field } from "../parts/field.tsx";
import { PostButton } from "../parts/form.tsx";

export function TypeChoice({
  types,
  problems,
}: {
  readonly types: readonly DescribedType[];
  readonly problems: readonly string[];
}): VNode {
  return (
    <section>
      <div class="title">
        <h1>New connection</h1>
      </div>
      <table class="list">
        <thead>
          <tr>
            <th>System</th>
            <th>Type</th>
            <th>What it is</th>
          </tr>
        </thead>
        <tbody>
          {types.map(({ ids, title, description }) => (
            <tr>
              <th scope="row">
                <a href={`/new/connection?type=${encodeURIComponent(ids[0] ?? "")}`}>{title}</a>
              </th>
              <td>{ids.join(", ")}</td>
              <td>{description}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {problems.map((problem) => (
        <p class="refused">{problem}</p>
      ))}
    </section>
  );
}

export interface ConnectionFormProps extends ParamFieldsProps {
  /** Null: a new connection. */
  readonly id: string | null;
  readonly type: string;
  /** Undefined: no package describes the type. */
  readonly described: DescribedType | undefined;
  /** The stored row. */
  readonly row: SecretRow | undefined;
  readonly error: string | undefined;
  readonly result: { readonly ok: boolean; readonly line: string } | undefined;
  readonly token: string;
}

export function ConnectionForm(props: ConnectionFormProps): VNode {
  const { id, type, described, error, result, token } = props;
  return (
    <section>
      <div class="title">
        <h1>{id === null ? "New connection" : `Connection ${id}`}</h1>
        <span class="faint">{described?.title ?? type}</span>
      </div>
      {result && (
        <p class={result.ok ? "worked" : "refused"} role="status">
          {result.ok ? "It works: " : "It failed: "}
          {result.line}
        </p>
      )}
      {error !== undefined && (
        <p class="refused" role="alert">
          {error}
        </p>
      )}
      {described ? (
        <Fields {...props} />
      ) : (
        <p>
          No package describes the type <code>{type}</code>. Change the connection with{" "}
          <code>dag connections set</code>, or name the package in <code>DAG_CONNECTION_TYPES</code>
          .
        </p>
      )}
      {id !== null && <Buttons id={id} token={token} />}
    </section>
  );
}

function Fields({ id, type, row, fields, sent, problems, token }: ConnectionFormProps): VNode {
  return (
    <form class="sheet" method="post" action="/connections" noValidate>
      <input type="hidden" name="_form" value={token} />
      <input type="hidden" name="type" value={type} />
      <input type="hidden" name="version" value={sent.version ?? row?.version ?? 0} />
      {id === null ? (
        <Field label="Id" hint="Tasks name the connection by it." isRequired>
          <input name="id" value={sent.id ?? ""} required maxLength={200} autocapitalize="off" />
        </Field>
      ) : (
        <input type="hidden" name="id" value={id} />
      )}
      <ParamFields fields={fields} sent={sent} problems={problems} />
      <p>
        <button type="submit" class="button primary">
          {id === null ? "Create connection" : "Save"}
        </button>{" "}
        <a class="button" href="/connections">
          Back
        </a>
      </p>
    </form>
  );
}

function Buttons({ id, token }: { readonly id: string; readonly token: string }): VNode {
  return (
    <p>
      <PostButton opensAnswer action={`/connections/${id}/test`} token={token}>
        Test
      </PostButton>{" "}
      <PostButton
        opensAnswer
        action={`/connections/${id}/delete`}
        token={token}
        class="button danger"
        confirm={`Delete connection ${id}? Tasks that ask for it fail.`}
      >
        Delete
      </PostButton>
    </p>
  );
}

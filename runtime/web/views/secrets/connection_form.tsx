/** The form of a connection, made from the fields of its type, and the choice of a type. */
import type { VNode } from "preact";
import type { DescribedType } from "../../../connections/connection_types.ts";
import type { ClearableField } from "../../../connections/edit.ts";
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
  /** Fields that are stored and not shown. */
  readonly clearable: readonly ClearableField[];
  /** The stored row. */
  readonly row: SecretRow | undefined;
  readonly error: string | undefined;
  readonly result: { readonly ok: boolean; readonly line: string } | undefined;
  readonly token: string;
}

export function ConnectionForm(props: ConnectionFormProps): VNode {
  const { id, type, described, row, error, result, token } = props;
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
      {id !== null && <Buttons id={id} version={row?.version ?? 0} token={token} />}
    </section>
  );
}

function Fields(props: ConnectionFormProps): VNode {
  const { id, type, row, fields, clearable, sent, problems, token } = props;
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
      {clearable.length > 0 && <ClearBoxes clearable={clearable} />}
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

function ClearBoxes({ clearable }: Pick<ConnectionFormProps, "clearable">): VNode {
  return (
    <fieldset class="param-group">
      <legend>Clear what is stored and not shown</legend>
      {clearable.map(({ name, title }) => (
        <label>
          <input type="checkbox" name="clear" value={name} /> {title}
        </label>
      ))}
    </fieldset>
  );
}

interface ButtonsProps {
  readonly id: string;
  readonly version: number;
  readonly token: string;
}

function Buttons({ id, version, token }: ButtonsProps): VNode {
  return (
    <p>
      <PostButton opensAnswer action={`/connections/${id}/test`} token={token}>
        Test
      </PostButton>{" "}
      <PostButton
        opensAnswer
        action={`/connections/${id}/delete`}
        fields={{ version }}
        token={token}
        class="button danger"
        confirm={`Delete connection ${id}? Tasks that ask for it fail.`}
      >
        Delete
      </PostButton>
    </p>
  );
}

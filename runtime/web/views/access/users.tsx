/** The users of the deployment, and the form that adds one. */
import type { VNode } from "preact";
import { ROLES } from "../../../access/permissions.ts";
import type { WebUser } from "../../read/read_access.ts";
import { Field } from "../parts/field.tsx";
import { PostButton } from "../parts/form.tsx";
import { Time } from "../parts/time.tsx";
import { grantsText, Shown } from "./shown.tsx";

export interface UsersProps {
  readonly users: readonly WebUser[];
  readonly formToken: string;
  readonly error?: string;
  /** A link that was just made. */
  readonly link?: string;
}

export function UsersPage({ users, formToken, error, link }: UsersProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Users</h1>
      </div>
      <Shown
        error={error}
        secret={link}
        label="Send this link to the user. It works once, and sets the password:"
      />
      <table class="list">
        <thead>
          <tr>
            <th>User</th>
            <th>Roles</th>
            <th>Logs in by</th>
            <th>Added</th>
            <th>Change role</th>
            <th>
              <span class="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <UserRow user={user} formToken={formToken} />
          ))}
        </tbody>
      </table>
      <details open={users.length < 2}>
        <summary>New user</summary>
        <form class="sheet" method="post" action="/users">
          <input type="hidden" name="_form" value={formToken} />
          <Field label="Name" hint="Lower-case letters, digits, and . _ @ + -">
            <input name="name" autocapitalize="off" required />
          </Field>
          <Field label="Role" hint={null}>
            <RoleSelect />
          </Field>
          <Field label="For DAGs with the tag" hint="Empty: for all DAGs.">
            <input name="tag" />
          </Field>
          <p>
            <button type="submit" class="button primary">
              Add user
            </button>
          </p>
        </form>
      </details>
    </>
  );
}

function UserRow({
  user,
  formToken,
}: {
  readonly user: WebUser;
  readonly formToken: string;
}): VNode {
  const { name, grants, hasPassword, issuer, createdAt, disabledAt, version } = user;
  return (
    <tr>
      <th scope="row">
        {name}
        {disabledAt !== null && <p class="bad">disabled</p>}
      </th>
      <td>{grantsText(grants)}</td>
      <td>{issuer ?? (hasPassword ? "password" : "link")}</td>
      <td>
        <Time at={createdAt} />
      </td>
      <td>
        <form class="inline role" method="post" action={`/users/${name}/role`}>
          <input type="hidden" name="_form" value={formToken} />
          <input type="hidden" name="version" value={version} />
          <RoleSelect label={`Role of ${name}`} chosen={grants[0]?.role ?? ""} none />
          <input
            name="tag"
            value={grants[0]?.tag ?? ""}
            placeholder="all DAGs"
            size={10}
            aria-label="Tag"
          />
          <button type="submit" class="button small">
            Set
          </button>
        </form>
      </td>
      <td class="buttons">
        <PostButton
          opensAnswer
          action={`/users/${name}/link`}
          token={formToken}
          class="button small"
        >
          Login link
        </PostButton>
        <PostButton
          opensAnswer
          action={`/users/${name}/logout`}
          token={formToken}
          class="button small"
        >
          Log out
        </PostButton>
        <PostButton
          opensAnswer
          action={`/users/${name}/${disabledAt === null ? "disable" : "enable"}`}
          fields={{ version }}
          token={formToken}
          class="button small"
        >
          {disabledAt === null ? "Disable" : "Enable"}
        </PostButton>
        <PostButton
          opensAnswer
          action={`/users/${name}/remove`}
          fields={{ version }}
          token={formToken}
          class="button small danger"
          confirm={`Remove ${name}? Sessions and tokens of the user end at once.`}
        >
          Remove
        </PostButton>
      </td>
    </tr>
  );
}

interface RoleSelectProps {
  readonly label?: string;
  /** The role that the user has; sending the form unchanged changes nothing. */
  readonly chosen?: string;
  /** Whether "no role" is one of the choices. */
  readonly none?: true;
}

function RoleSelect({ label, chosen, none }: RoleSelectProps): VNode {
  return (
    <select name="role" aria-label={label}>
      {ROLES.map((role) => (
        <option value={role} selected={role === chosen}>
          {role}
        </option>
      ))}
      {none && (
        <option value="" selected={chosen === ""}>
          no role
        </option>
      )}
    </select>
  );
}

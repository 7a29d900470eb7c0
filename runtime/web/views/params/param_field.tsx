/** The field of one param: its label, what it stands for, its control, a hint and a problem. */
import type { VNode } from "preact";
import type { ParamField, Presence } from "../../params/param_field.ts";
import { presenceName, shownIn } from "../../params/sent_params.ts";
import { ParamControl } from "./param_control.tsx";

export interface ParamFieldsProps {
  readonly fields: readonly ParamField[];
  /** What was sent before, by field name. */
  readonly sent: Readonly<Record<string, string>>;
  /** What is wrong, by the name of the param. */
  readonly problems: Readonly<Record<string, string>>;
}

export function ParamFields({ fields, sent, problems }: ParamFieldsProps): VNode {
  return (
    <>
      {fields.map((field) => (
        <ParamInput field={field} sent={sent} problem={problems[field.name]} />
      ))}
    </>
  );
}

interface ParamInputProps {
  readonly field: ParamField;
  readonly sent: Readonly<Record<string, string>>;
  readonly problem: string | undefined;
}

function ParamInput({ field, sent, problem }: ParamInputProps): VNode {
  const id = `param-${field.name}`;
  const shown = shownIn(field, sent);
  const isGroup = field.control.kind === "choices";
  const described = [
    field.hint === null ? "" : `${id}-hint`,
    problem === undefined ? "" : `${id}-problem`,
  ].filter((one) => one !== "");
  return (
    <div class={`field param${problem === undefined ? "" : " wrong"}`}>
      <ParamLabel id={id} field={field} isGroup={isGroup} />
      {field.presences.length > 1 && <Presences id={id} field={field} chosen={shown.presence} />}
      <ParamControl
        id={id}
        field={field}
        text={shown.text}
        isWrong={problem !== undefined}
        describedBy={described.length === 0 ? undefined : described.join(" ")}
      />
      {problem !== undefined && (
        <p class="problem" id={`${id}-problem`}>
          {field.label} {problem}.
        </p>
      )}
      {field.hint !== null && <small id={`${id}-hint`}>{field.hint}</small>}
    </div>
  );
}

function ParamLabel({
  id,
  field: { name, label, isRequired },
  isGroup,
}: {
  readonly id: string;
  readonly field: ParamField;
  readonly isGroup: boolean;
}): VNode {
  const text = (
    <>
      {label}
      {name !== "" && label !== name && <code> {name}</code>}
      {isRequired && <b title="required"> *</b>}
    </>
  );
  return isGroup ? <span id={`${id}-label`}>{text}</span> : <label for={id}>{text}</label>;
}

const WORDS: Readonly<Record<Presence, string>> = {
  value: "value",
  null: "null",
  left_out: "leave out",
};

/** The stylesheet hides the control unless the value is chosen. */
function Presences({
  id,
  field,
  chosen,
}: {
  readonly id: string;
  readonly field: ParamField;
  readonly chosen: Presence;
}): VNode {
  return (
    <span class="presences" role="radiogroup" aria-label={`${field.label} stands for`}>
      {field.presences.map((presence) => (
        <label>
          <input
            type="radio"
            name={presenceName(field)}
            value={presence}
            checked={presence === chosen}
            id={`${id}-${presence}`}
          />
          {WORDS[presence]}
        </label>
      ))}
    </span>
  );
}

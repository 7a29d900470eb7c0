/**
 * The fields of params: the label of each, what it stands for, its control, a hint and a
 * problem. The fields of an object stand in a fieldset.
 */
import type { VNode } from "preact";
import type { ParamField, ParamGroup, Presence } from "../../params/param_field.ts";
import { groupPresence, presenceName, shownIn } from "../../params/sent_params.ts";
import { ParamControl } from "./param_control.tsx";

export interface ParamFieldsProps {
  readonly fields: readonly ParamField[];
  /** What was sent before, by field name. */
  readonly sent: Readonly<Record<string, string>>;
  /** What is wrong, by the name of the param. */
  readonly problems: Readonly<Record<string, string>>;
}

export function ParamFields({ fields, sent, problems }: ParamFieldsProps): VNode {
  const parts = Map.groupBy(fields, (field) => field.group ?? field);
  return (
    <>
      {[...parts].map(([part, inside]) =>
        "control" in part ? (
          <ParamInput field={part} sent={sent} problem={problems[part.name]} />
        ) : (
          <ParamFieldset group={part} fields={inside} sent={sent} problems={problems} />
        ),
      )}
    </>
  );
}

function ParamFieldset({
  group,
  fields,
  sent,
  problems,
}: ParamFieldsProps & { readonly group: ParamGroup }): VNode {
  const id = `param-${group.name}`;
  const problem = problems[group.name];
  return (
    <fieldset class="param-group" id={id}>
      <legend>
        <LabelText name={group.name} label={group.label} isRequired={group.isRequired} />
      </legend>
      {group.presences.length > 1 && (
        <Presences id={id} field={group} chosen={groupPresence(group, sent)} />
      )}
      {problem !== undefined && (
        <p class="problem" id={`${id}-problem`}>
          {group.label} {problem}.
        </p>
      )}
      {group.hint !== null && <small>{group.hint}</small>}
      {fields.map((field) => (
        <ParamInput field={field} sent={sent} problem={problems[field.name]} />
      ))}
    </fieldset>
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
  field: { key, label, isRequired },
  isGroup,
}: {
  readonly id: string;
  readonly field: ParamField;
  readonly isGroup: boolean;
}): VNode {
  const text = <LabelText name={key} label={label} isRequired={isRequired} />;
  return isGroup ? <span id={`${id}-label`}>{text}</span> : <label for={id}>{text}</label>;
}

function LabelText({
  name,
  label,
  isRequired,
}: {
  readonly name: string;
  readonly label: string;
  readonly isRequired: boolean;
}): VNode {
  return (
    <>
      {label}
      {name !== "" && label !== name && <code> {name}</code>}
      {isRequired && <b title="required"> *</b>}
    </>
  );
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
  readonly field: ParamField | ParamGroup;
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

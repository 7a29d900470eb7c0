/**
 * Users with their roles, sessions of the page, API tokens, and links that log in once.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.web_user (
  id bigint generated always as identity primary key,
  -- Without spaces: the audit puts it in front of other words.
  name text not null unique check (name ~ '^[a-z0-9][a-z0-9._@+-]{0,99}$'),
  -- A scrypt hash. Null: the user logs in by OIDC or by a link.
  password text check (password <> ''),
  -- Who the user is at an OIDC provider.
  issuer text,
  subject text,
  created_at timestamptz not null default now(),
  check ((issuer is null) = (subject is null)),
  unique (issuer, subject)
);

create table dagsmith.user_grant (
  user_id bigint not null references dagsmith.web_user on delete cascade,
  -- '' means all DAGs.
  tag text not null default '',
  role text not null check (role in ('viewer', 'operator', 'editor', 'admin')),
  primary key (user_id, tag)
);

create table dagsmith.web_session (
  id bigint generated always as identity primary key,
  secret_hash bytea not null unique check (length(secret_hash) = 32),
  user_id bigint not null references dagsmith.web_user on delete cascade,
  created_at timestamptz not null default now(),
  used_at timestamptz not null default now(),
  ends_at timestamptz not null check (ends_at <= created_at + interval '30 days'),
  address text not null,
  browser text not null
);
create index web_session_user on dagsmith.web_session (user_id);

create table dagsmith.api_token (
  id bigint generated always as identity primary key,
  user_id bigint not null references dagsmith.web_user on delete cascade,
  name text not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  secret_hash bytea not null unique check (length(secret_hash) = 32),
  -- Permissions. Null: those of its user.
  scopes json,
  created_at timestamptz not null default now(),
  used_at timestamptz,
  -- Null: never.
  expires_at timestamptz,
  unique (user_id, name)
);

create table dagsmith.login_link (
  secret_hash bytea primary key check (length(secret_hash) = 32),
  -- Null: the link makes the first admin.
  user_id bigint references dagsmith.web_user on delete cascade,
  expires_at timestamptz not null
);
create index login_link_user on dagsmith.login_link (user_id);

-- Logins that wait for the answer of an OIDC provider.
create table dagsmith.oidc_login (
  secret_hash bytea primary key check (length(secret_hash) = 32),
  state text not null,
  nonce text not null,
  verifier text not null,
  next text not null,
  expires_at timestamptz not null
)`);
}

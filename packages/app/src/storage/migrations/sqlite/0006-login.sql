-- Who is logged in, what can be done once, and what programs log in with. The
-- server's own: nothing of the ledger rests on it, and no export carries it.
create table login_session (
  hash text not null primary key check (length(hash) = 64),
  id text not null unique,
  use text not null check (use in ('page', 'command-line')),
  method text not null check (method in ('oidc', 'passkey', 'link')),
  holder text not null,
  person text,
  issuer text,
  subject text,
  roles text not null,
  client text not null,
  address text not null,
  created_at text not null,
  seen_at text not null,
  idle_at text not null,
  ends_at text not null,
  -- One of the two says who it is.
  check ((person is null) = (method = 'oidc')),
  check ((issuer is null) = (person is not null) and (subject is null) = (person is not null))
) strict;

create index login_session_holder on login_session (holder, created_at);
create index login_session_end on login_session (ends_at);

create table login_once (
  hash text not null primary key check (length(hash) = 64),
  kind text not null,
  value text not null,
  created_at text not null,
  ends_at text not null
) strict;

create index login_once_end on login_once (ends_at);

create table api_token (
  hash text not null primary key check (length(hash) = 64),
  id text not null unique,
  name text not null,
  person text not null,
  scopes text not null,
  created_at text not null,
  ends_at text not null,
  used_at text
) strict;

create index api_token_person on api_token (person, created_at);
create index api_token_end on api_token (ends_at);

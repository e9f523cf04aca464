-- Who is logged in, what can be done once, and what programs log in with. The
-- server's own: nothing of the ledger rests on it, and no export carries it.
create table login_session (
  hash text collate "C" not null primary key check (length(hash) = 64),
  id text collate "C" not null unique,
  use text collate "C" not null check (use in ('page', 'command-line')),
  method text collate "C" not null check (method in ('oidc', 'passkey', 'link')),
  holder text collate "C" not null,
  person text collate "C",
  issuer text collate "C",
  subject text collate "C",
  roles text collate "C" not null,
  client text collate "C" not null,
  address text collate "C" not null,
  created_at text collate "C" not null,
  seen_at text collate "C" not null,
  idle_at text collate "C" not null,
  ends_at text collate "C" not null,
  -- One of the two says who it is.
  check ((person is null) = (method = 'oidc')),
  check ((issuer is null) = (person is not null) and (subject is null) = (person is not null))
);

create index login_session_holder on login_session (holder, created_at);
create index login_session_end on login_session (ends_at);

create table login_once (
  hash text collate "C" not null primary key check (length(hash) = 64),
  kind text collate "C" not null,
  value text collate "C" not null,
  created_at text collate "C" not null,
  ends_at text collate "C" not null
);

create index login_once_end on login_once (ends_at);

create table api_token (
  hash text collate "C" not null primary key check (length(hash) = 64),
  id text collate "C" not null unique,
  name text collate "C" not null,
  person text collate "C" not null,
  scopes text collate "C" not null,
  created_at text collate "C" not null,
  ends_at text collate "C" not null,
  used_at text collate "C"
);

create index api_token_person on api_token (person, created_at);
create index api_token_end on api_token (ends_at);

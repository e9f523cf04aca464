-- Views over the ledger (all rebuilt from its entries), the openings that are
-- kept beside it, and what audits of repositories found.

-- Who may speak: the state of the registry stream. `fold` is the version of the
-- rules that all views of the log were made with; with another they are rebuilt.
create table registry (
  log_id bigint not null primary key references log (log_id),
  idx bigint not null,
  fold bigint not null,
  state text collate "C" not null
);

-- One row a record; `state` is the fold of its entries, the rest is for finding it.
create table record (
  log_id bigint not null,
  year bigint not null,
  number bigint not null,
  id text collate "C" not null,
  uid text collate "C" not null,
  status text collate "C" not null,
  kind text collate "C" not null,
  service text collate "C" not null,
  environment text collate "C" not null,
  reason text collate "C" not null,
  target text collate "C" not null,
  proposer text collate "C" not null,
  proposed_at text collate "C" not null,
  changed_at text collate "C" not null,
  due_at text collate "C",
  idx bigint not null,
  state text collate "C" not null,
  primary key (log_id, year, number)
);

create unique index record_id on record (log_id, id);
create unique index record_uid on record (log_id, uid);
create index record_status on record (log_id, status, year, number);
create index record_service on record (log_id, service, environment, year, number);
create index record_due on record (log_id, due_at) where due_at is not null;

-- One row an entry: which stream it is of and which statement it holds.
create table record_entry (
  log_id bigint not null,
  idx bigint not null,
  stream text collate "C" not null,
  type text collate "C" not null,
  statement text collate "C" not null,
  payload_digest text collate "C" not null,
  actor text collate "C" not null,
  occurred_at text collate "C" not null,
  primary key (log_id, idx)
);

create unique index record_entry_statement on record_entry (log_id, statement);
create index record_entry_stream on record_entry (log_id, stream, idx);

-- Texts behind commitments. Not a view: what is deleted here is gone.
create table opening (
  log_id bigint not null,
  commitment text collate "C" not null,
  idx bigint not null,
  salt text collate "C" not null,
  value text collate "C" not null,
  primary key (log_id, commitment)
);

create index opening_entry on opening (log_id, idx);

-- What an audit of a repository found; found again by another audit.
create table audit (
  repository text collate "C" not null primary key,
  head text collate "C" not null,
  finished_at text collate "C" not null,
  commits bigint not null,
  reversals bigint not null,
  unknowns text collate "C" not null
);

create table reversal (
  repository text collate "C" not null references audit (repository),
  commit_id text collate "C" not null,
  committed_at text collate "C" not null,
  finding text collate "C" not null,
  primary key (repository, commit_id)
);

create index reversal_time on reversal (committed_at, repository, commit_id);

-- The ledger: logs, their heads, entries, full tiles and checkpoints.
-- Entries have no foreign key: the head's row is locked and checked in the same
-- transaction, and a check for each row would be paid on the commit path.

create table log (
  log_id bigint not null primary key check (log_id > 0),
  origin text collate "C" not null unique check (octet_length(origin) between 1 and 255),
  state text collate "C" not null check (state in ('active', 'frozen', 'closed')),
  reason text,
  created_at text collate "C" not null
);

create table log_key (
  log_id bigint not null references log (log_id),
  vkey text collate "C" not null,
  from_size bigint not null check (from_size >= 0),
  until_size bigint check (until_size >= from_size),
  primary key (log_id, vkey)
);

-- Updated by every commit: room on the page keeps the updates off the index.
create table log_head (
  log_id bigint not null primary key references log (log_id),
  size bigint not null check (size >= 0),
  root bytea not null check (octet_length(root) = 32),
  compact bytea not null,
  recorded_at text collate "C" not null,
  epoch bigint not null check (epoch >= 0)
) with (fillfactor = 10);

create table entry (
  log_id bigint not null,
  idx bigint not null check (idx >= 0),
  leaf bytea not null check (octet_length(leaf) <= 65535),
  leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
  identity_hash bytea not null check (octet_length(identity_hash) = 32),
  primary key (log_id, idx)
);

create unique index entry_identity on entry (log_id, identity_hash);

create table tile (
  log_id bigint not null,
  level bigint not null check (level between 0 and 63),
  n bigint not null check (n >= 0),
  hashes bytea not null check (octet_length(hashes) = 8192),
  root bytea not null check (octet_length(root) = 32),
  primary key (log_id, level, n)
);

-- Hashes do not compress; do not try.
alter table tile alter column hashes set storage external;

create table checkpoint (
  log_id bigint not null,
  size bigint not null check (size >= 0),
  root bytea not null check (octet_length(root) = 32),
  note text collate "C" not null,
  published_at text collate "C" not null,
  primary key (log_id, size)
);

-- Against mistakes. The operator can drop them; only witnesses, marks and
-- clients that keep their proofs stand against him.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end
$$;

create trigger entry_append_only before update or delete on entry
  for each row execute function refuse_change();
create trigger entry_no_truncate before truncate on entry
  for each statement execute function refuse_change();
create trigger tile_append_only before update or delete on tile
  for each row execute function refuse_change();
create trigger tile_no_truncate before truncate on tile
  for each statement execute function refuse_change();
create trigger checkpoint_append_only before update or delete on checkpoint
  for each row execute function refuse_change();
create trigger checkpoint_no_truncate before truncate on checkpoint
  for each statement execute function refuse_change();

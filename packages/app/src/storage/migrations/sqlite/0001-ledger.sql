-- The ledger: logs, their heads, entries, full tiles and checkpoints.
-- Entries have no foreign key: the head's row is locked and checked in the same
-- transaction, and a check for each row would be paid on the commit path.

create table log (
  log_id integer not null primary key check (log_id > 0),
  origin text not null unique check (length(origin) between 1 and 255),
  state text not null check (state in ('active', 'frozen', 'closed')),
  reason text,
  created_at text not null
) strict;

create table log_key (
  log_id integer not null references log (log_id),
  vkey text not null,
  from_size integer not null check (from_size >= 0),
  until_size integer check (until_size >= from_size),
  primary key (log_id, vkey)
) strict;

create table log_head (
  log_id integer not null primary key references log (log_id),
  size integer not null check (size >= 0),
  root blob not null check (length(root) = 32),
  compact blob not null,
  recorded_at text not null,
  epoch integer not null check (epoch >= 0)
) strict;

create table entry (
  log_id integer not null,
  idx integer not null check (idx >= 0),
  leaf blob not null check (length(leaf) <= 65535),
  leaf_hash blob not null check (length(leaf_hash) = 32),
  identity_hash blob not null check (length(identity_hash) = 32),
  primary key (log_id, idx)
) strict;

create unique index entry_identity on entry (log_id, identity_hash);

create table tile (
  log_id integer not null,
  level integer not null check (level between 0 and 63),
  n integer not null check (n >= 0),
  hashes blob not null check (length(hashes) = 8192),
  root blob not null check (length(root) = 32),
  primary key (log_id, level, n)
) strict;

create table checkpoint (
  log_id integer not null,
  size integer not null check (size >= 0),
  root blob not null check (length(root) = 32),
  note text not null,
  published_at text not null,
  primary key (log_id, size)
) strict;

-- Against mistakes. The operator can drop them; only witnesses, marks and
-- clients that keep their proofs stand against him.
create trigger entry_no_update before update on entry
begin select raise(abort, 'entry is append-only'); end;

create trigger entry_no_delete before delete on entry
begin select raise(abort, 'entry is append-only'); end;

create trigger tile_no_update before update on tile
begin select raise(abort, 'tile is append-only'); end;

create trigger tile_no_delete before delete on tile
begin select raise(abort, 'tile is append-only'); end;

create trigger checkpoint_no_update before update on checkpoint
begin select raise(abort, 'checkpoint is append-only'); end;

create trigger checkpoint_no_delete before delete on checkpoint
begin select raise(abort, 'checkpoint is append-only'); end;

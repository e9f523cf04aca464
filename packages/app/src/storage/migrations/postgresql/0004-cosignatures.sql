-- What witnesses said of our checkpoints: the newest line of each key for a size.
-- Not append-only: a witness that is asked again says the same at a later time.
create table cosignature (
  log_id bigint not null,
  size bigint not null check (size >= 0),
  vkey text collate "C" not null,
  signed_at bigint not null check (signed_at > 0),
  line text collate "C" not null,
  primary key (log_id, size, vkey)
);

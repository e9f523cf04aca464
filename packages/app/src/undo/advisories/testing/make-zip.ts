/** Makes zip archives, good ones and bad ones, with `zip64` for those of more than 65,535 entries. */
import { crc32, deflateRawSync } from "node:zlib";

export type Packed = {
  readonly name: string;
  readonly content: Buffer | string;
  readonly stored?: boolean;
};

/** Fields to write other than they are. */
export type Lies = {
  readonly name?: string;
  readonly size?: number;
  readonly crc?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly offset?: number;
  readonly packed?: number;
  readonly disk?: number;
};

export function makeZip(
  entries: Iterable<Packed>,
  options: {
    /** What the directory says of the entry, by its number. */
    readonly directory?: (index: number) => Lies;
    /** What the local header says of it. */
    readonly local?: (index: number) => Lies;
    readonly zip64?: boolean;
    readonly comment?: string;
    readonly count?: number;
  } = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  let index = 0;
  for (const entry of entries) {
    const content = Buffer.from(entry.content);
    const isStored = entry.stored === true;
    const data = isStored ? content : deflateRawSync(content, { level: 6 });
    const truth = {
      name: entry.name,
      size: content.length,
      packed: data.length,
      crc: crc32(content),
      method: isStored ? 0 : 8,
      flags: 0x800,
      offset,
      disk: 0,
    };
    const header = localHeader({ ...truth, ...options.local?.(index) });
    directory.push(
      directoryEntry({ ...truth, ...options.directory?.(index) }, options.zip64 === true),
    );
    parts.push(header, data);
    offset += header.length + data.length;
    index++;
  }
  const listed = Buffer.concat(directory);
  return Buffer.concat([
    ...parts,
    listed,
    end(options.count ?? index, listed.length, offset, options),
  ]);
}

type Header = Required<Lies>;

function localHeader({ name, size, packed, crc, method, flags }: Header): Buffer {
  const bytes = Buffer.from(name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(packed, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(bytes.length, 26);
  return Buffer.concat([header, bytes]);
}

function directoryEntry(it: Header, zip64: boolean): Buffer {
  const bytes = Buffer.from(it.name);
  const header = Buffer.alloc(46);
  const extra = Buffer.alloc(zip64 ? 28 : 0);
  if (zip64) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(it.size), 4);
    extra.writeBigUInt64LE(BigInt(it.packed), 12);
    extra.writeBigUInt64LE(BigInt(it.offset), 20);
  }
  const full = 0xffffffff;
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(it.flags, 8);
  header.writeUInt16LE(it.method, 10);
  header.writeUInt32LE(it.crc, 16);
  header.writeUInt32LE(zip64 ? full : it.packed, 20);
  header.writeUInt32LE(zip64 ? full : it.size, 24);
  header.writeUInt16LE(bytes.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt16LE(it.disk, 34);
  header.writeUInt32LE(zip64 ? full : it.offset, 42);
  return Buffer.concat([header, bytes, extra]);
}

function end(
  count: number,
  size: number,
  offset: number,
  { zip64, comment = "" }: { readonly zip64?: boolean; readonly comment?: string },
): Buffer {
  const wide = Buffer.alloc(zip64 === true ? 76 : 0);
  if (zip64 === true) {
    wide.writeUInt32LE(0x06064b50, 0);
    wide.writeBigUInt64LE(44n, 4);
    wide.writeBigUInt64LE(BigInt(count), 24);
    wide.writeBigUInt64LE(BigInt(count), 32);
    wide.writeBigUInt64LE(BigInt(size), 40);
    wide.writeBigUInt64LE(BigInt(offset), 48);
    wide.writeUInt32LE(0x07064b50, 56);
    wide.writeBigUInt64LE(BigInt(offset + size), 64);
    wide.writeUInt32LE(1, 72);
  }
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(zip64 === true ? 0xffff : count, 8);
  record.writeUInt16LE(zip64 === true ? 0xffff : count, 10);
  record.writeUInt32LE(zip64 === true ? 0xffffffff : size, 12);
  record.writeUInt32LE(zip64 === true ? 0xffffffff : offset, 16);
  record.writeUInt16LE(comment.length, 20);
  return Buffer.concat([wide, record, Buffer.from(comment)]);
}

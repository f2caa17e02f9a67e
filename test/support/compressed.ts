import { gzipSync } from 'node:zlib';

export function gzip(content: string | Buffer): Buffer {
  return gzipSync(content);
}

const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** No checksum, no size, a window of 1 MiB. */
const FRAME_HEADER = [0x00, 0x50];
const MAX_BLOCK = 1 << 17;
const RAW = 0;
const RLE = 1;

/** The three bytes before a block. */
function blockHeader(size: number, type: number, last: boolean): Buffer {
  const word = (size << 3) | (type << 1) | (last ? 1 : 0);
  return Buffer.from([word & 0xff, (word >> 8) & 0xff, word >> 16]);
}

/** A zstd frame whose blocks hold the content as it is: Node 20 can read zstd, with a library, and write none. */
export function zstd(content: string | Buffer, blockSize = MAX_BLOCK): Buffer {
  const bytes = Buffer.from(content);
  const blocks: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += blockSize) {
    const block = bytes.subarray(at, at + blockSize);
    blocks.push(blockHeader(block.length, RAW, at + blockSize >= bytes.length), block);
  }
  return Buffer.concat([Buffer.from([...ZSTD_MAGIC, ...FRAME_HEADER]), ...blocks]);
}

/** A frame of blocks that are each one byte, 131,072 times. */
export function zstdBomb(blocks: number): Buffer {
  const block = Buffer.concat([blockHeader(MAX_BLOCK, RLE, false), Buffer.from('a')]);
  return Buffer.concat([Buffer.from([...ZSTD_MAGIC, ...FRAME_HEADER]), ...Array<Buffer>(blocks).fill(block), blockHeader(0, RAW, true)]);
}

/** What `zstd -19 --check` made of `zstdSampleText`: matches, sequences and a checksum. */
export const zstdSample = Buffer.from(
  [
    'KLUv/WTBFd0lANppqAsToKUgOT8azwDA386dm5IovGLPFbsAsgC1AKpESZImTdCDghQUQRPEoCAFTQjqjD5BRp7GTMfixDamZhqmnus/5Z0vjU/68eI+6zHh5EiQyyTCsH',
    'hC2oqGwk46khBBPg7fMvFvN8JbPaflOShLwf6E/XglRscV4QaHEV+MKEJCTClviHTEjUc5rdlrHdU31B76pyQMmnJwXm5kY/xFWWB49i+ErOOxMU3Xcp6NoU1hQUbkFSOa',
    'LTEUVBNKOnUSg/SpPxXTsbA67KRgIAQBCgQhAEBAwIAdTXOtFc1jLbSpWhBq5LQYaXPQxAnbwyYS5rAI4/TVCxqEBQzCRh+NjOqRYhQ6EkfdaDSywig2l/lrKlftS1fQq+',
    'Ml3TXRtXCJI5ovihERaVGQEE0VMSjyTNRKpAkidqzOrRBi3VY4LFmtn1Zj1iZrHix5QsGHJAn5DtkRehsaGboWCnFCKD7VyKsQqVxRFBWriiNrqFOUHVB+QEkBFRQlatRM',
    'nyZPMXXqNGnqNNIlKUihkhgkiOQExjxQAgMXBE6CQGkQ2AWBgXoIrKfBLGAwm8VsOitn2ixopjDrfPPPki/mz4xv2q/mp+8L9HXhk45sctlEJlo2hyymMpKyIJNNkjGCzD',
    'Nee08jHmuvE16IeqcXnieT9wevMbHtsbnEZMeCEZMa8xmzF3sVG0Psmr7jSBd3NxJdSDt2lHUh6kZCFx+Oc87CXebG4N5yNjl/nCQuGDh5tvm3TTZvf2yybmFu3xZCWyds',
    'DAMd+aEuw9rDaQzNDmMcWhuOhg1DzRl+Ss76nDjPGE9z51RnHU59hLywE6HUwkkIV6FI4TxhjIRkEAYZc7rJENNjsw1TU5Ol2ZkZQuaDGZ6g7MFfgg0HtwjOG5QZDC4oKe',
    'iHoD3l+3KU8nLpKDkt4yxHVoaoDCVlyJCTI0LGTXKCdMmL5DjyFWkH0p9R+hiUUfY4j3Hr2OD4b5RpDIfxI4a42BGRtagJsa3oociYuILwqCJwRHt7BqJOgYxI62ISQBfw',
    'Swryz90oHG+JtkW7gYGC4Q3drgrX+spwtsih2QrH9o/HMly7drPsqzpQL+GZ1sTdcvGi0SETphazu7Ff8wRLYbjneic7OlBLJ6RuPHEi3RVS/HAPuzrqVkfbeM07MR0DmD',
    '8AIUiEOjoTPvPW/UAwuBe/mTU37fDInQm+UmyDzp2VNjabk+EqDj67rFx6IV7hVOExkEtPw88OOUHJ8/pLnlobtP3E2717Kk4DHTfCbEeJ49LUYhWVqMrQscSg0/pZkJhE',
    'qNMh/GHgwQ8Eg3vxm5wfglPZhQtvVlTI8Bd07O7g2HJcHtVxqtdN1WOLNohTGcuAZ8FFNJsSW1qN0nEsdD0a1K3scNpyuEyOPR/pGVNJuFrXu9b5cV3sTMrXaYTatVKtJ3',
    'UckqIFnc9sH5cJvrIpn0UenUC9Eg46Xnq7+wBw7ni1M64OpVZNp6KolB5UVfCmojbuCoM2iL91FG2hhLSFsOkuMeUCV0ZD+LMCwzKz7h2MjV3ux+JkIxC9MhlcRmZDJ+g8',
    'EUpl6BmKDYGmcvR6OMyqqo5je0SWNdPihUCmgp17nFWDCCrR3gZ0iPxgegJabL78PGoFgobg6w==',
  ].join(''),
  'base64',
);
export const zstdSampleText = Array.from({ length: 400 }, (_, i) => `line ${i} of ${(i * i) % 97}\n`).join('');

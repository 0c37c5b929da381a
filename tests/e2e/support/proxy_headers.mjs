// PROXY headers as a proxy in front sends them, written by hand.

export const v1_header = (source, destination = "198.51.100.2:443") => {
  const [[source_ip, source_port], [ip, port]] = [source, destination].map((end) => end.split(":"));
  return Buffer.from(`PROXY TCP4 ${source_ip} ${ip} ${source_port} ${port}\r\n`);
};

const kSignature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const number = (value) => Buffer.from([value >> 8, value & 0xff]);

export const tlv = (type, value) => Buffer.concat([Buffer.from([type]), number(value.length), Buffer.from(value)]);

export const v2_header = (source, { destination = "198.51.100.2:443", tlvs = [] } = {}) => {
  const ends = [source, destination].map((end) => end.split(":"));
  const payload = Buffer.concat([
    ...ends.map(([ip]) => Buffer.from(ip.split(".").map(Number))),
    ...ends.map(([, port]) => number(Number(port))),
    ...tlvs,
  ]);
  return Buffer.concat([kSignature, Buffer.from([0x21, 0x11]), number(payload.length), payload]);
};

export const v2_local = Buffer.concat([kSignature, Buffer.from([0x20, 0, 0, 0])]);

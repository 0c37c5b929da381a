// Every one of the 256 bytes in every place of a message where a byte decides: which ones are taken there.
#include <functional>
#include <string>
#include <vector>

#include "base/text.h"
#include "http/chunk_line.h"
#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using limpet::http::testing::read_body;
using limpet::http::testing::read_request;
using limpet::http::testing::read_response;

namespace {

const std::string kDigits = "0123456789";
const std::string kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const std::string kToken = kDigits + kLetters + "!#$%&'*+-.^_`|~";  // RFC 9110 5.6.2

std::string bytes_from(unsigned first, unsigned last) {
  std::string bytes;
  for (unsigned byte = first; byte <= last; ++byte) {
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
  }
  return bytes;
}

std::string without(std::string bytes, const std::string& some) {
  std::erase_if(bytes, [&some](char c) { return some.find(c) != std::string::npos; });
  return bytes;
}

const std::string kVisible = bytes_from(0x21, 0x7e);
const std::string kText = "\t " + kVisible + bytes_from(0x80, 0xff);

struct Place {
  std::string what;
  std::string before;
  std::string behind;
  std::string taken;  // the bytes that may stand between `before` and `behind`
};

using IsTaken = std::function<bool(const std::string&)>;

void check_places(const std::vector<Place>& places, const IsTaken& is_taken) {
  for (const Place& place : places) {
    for (const char byte : bytes_from(0x00, 0xff)) {
      CAPTURE(place.what, static_cast<int>(static_cast<unsigned char>(byte)));
      std::string bytes = place.before;
      bytes.push_back(byte);
      bytes += place.behind;
      CHECK(is_taken(bytes) == (place.taken.find(byte) != std::string::npos));
    }
  }
}

bool request_is_taken(const std::string& bytes) {
  return !read_request(bytes).refusal.has_value();
}

bool answer_is_taken(const std::string& bytes) {
  return !read_response(bytes).refusal.has_value();
}

bool body_is_taken(const std::string& bytes) {
  const auto whole = read_body({.framing = Framing::Chunked}, bytes, bytes.size());
  return whole.step == BodyFramer::Step::Done && whole.consumed == bytes.size();
}

const std::string kLine = "GET / HTTP/1.1\r\n";
const std::string kHost = "Host: a\r\n";
const std::string kEnd = "\r\n\r\n";

}  // namespace

TEST_CASE("of all bytes only those of the standard are taken in the first line of a request") {
  check_places(
      {
          {"between method and target", "GET", "/ HTTP/1.1\r\n" + kHost + "\r\n", " "},
          {"between target and version", "GET /", "HTTP/1.1\r\n" + kHost + "\r\n", " "},
          {"before the method", "", "GET / HTTP/1.1\r\n" + kHost + "\r\n", ""},
          {"behind the version", "GET / HTTP/1.1", "\r\n" + kHost + "\r\n", ""},
          {"the first byte of the target", "GET ", " HTTP/1.1\r\n" + kHost + "\r\n", "/"},
          {"the path", "GET /a", "b HTTP/1.1\r\n" + kHost + "\r\n", without(kVisible, "#")},
          {"the query", "GET /?a", "b HTTP/1.1\r\n" + kHost + "\r\n", without(kVisible, "#")},
          {"the major version", "GET / HTTP/", ".1\r\n" + kHost + "\r\n", "1"},
          {"the minor version", "GET / HTTP/1.", "\r\n" + kHost + "\r\n", "01"},
          {"the dot of the version", "GET / HTTP/1", "1\r\n" + kHost + "\r\n", "."},
          {"the slash of the version", "GET / HTTP", "1.1\r\n" + kHost + "\r\n", "/"},
          {"the first byte of the version", "GET / ", "TTP/1.1\r\n" + kHost + "\r\n", "H"},
          {"the CR of the line", "GET / HTTP/1.1", "\n" + kHost + "\r\n", "\r"},
          {"the LF of the line", "GET / HTTP/1.1\r", kHost + "\r\n", "\n"},
          {"the CR of an empty line before it", "", "\n" + kLine + kHost + "\r\n", "\r"},
          {"the LF of an empty line before it", "\r", kLine + kHost + "\r\n", "\n"},
          {"the end of an absolute authority", "GET http://a", " HTTP/1.1\r\n" + kHost + "\r\n", "/"},
      },
      request_is_taken);
}

TEST_CASE("of all bytes only those of the standard are taken in the fields of a request") {
  check_places(
      {
          // A colon ends the name, and the value begins with what was to be the rest of it.
          {"a field name", kLine + kHost + "A", "B: c\r\n\r\n", kToken + ":"},
          {"the first byte of a field name", kLine + kHost, "B: c\r\n\r\n", kToken},
          {"before the colon", kLine + kHost + "A", ": c\r\n\r\n", kToken + ":"},
          {"the colon", kLine + kHost + "A", "c\r\n\r\n", ":"},
          {"a value", kLine + kHost + "A: b", "c\r\n\r\n", kText},
          {"the first byte of a value", kLine + kHost + "A:", "c\r\n\r\n", kText},
          {"the last byte of a value", kLine + kHost + "A: b", "\r\n\r\n", kText},
          {"the CR of a line", kLine + kHost + "A: b", "\nC: d\r\n\r\n", "\r"},
          {"the LF of a line", kLine + kHost + "A: b\r", "C: d\r\n\r\n", "\n"},
          {"the CR of the blank line", kLine + kHost, "\n", "\r"},
          {"the LF of the blank line", kLine + kHost + "\r", "", "\n"},
          {"a length", kLine + kHost + "Content-Length: 1", "1\r\n\r\n", kDigits},
          {"behind chunked", kLine + kHost + "Transfer-Encoding: chunked", "\r\n\r\n", " "},
          {"before chunked", kLine + kHost + "Transfer-Encoding:", "chunked\r\n\r\n", "\t "},
          // RFC 3986 3.2.2; '%' needs two digits behind it and ':' a port.
          {"a host", kLine + "Host: a", "b\r\n\r\n", kDigits + kLetters + "-._~!$&'()*+,;="},
          {"a port", kLine + "Host: a:1", "\r\n\r\n", kDigits + "\t "},
          {"the second Host", kLine + kHost, "ost: a\r\n\r\n", without(kToken, "hH")},
      },
      request_is_taken);
}

TEST_CASE("of all bytes only those of the standard are taken in the head of an answer") {
  check_places(
      {
          {"before the version", "", "HTTP/1.1 200 OK" + kEnd, ""},
          {"between version and status", "HTTP/1.1", "200 OK" + kEnd, " "},
          {"the first digit", "HTTP/1.1 ", "00 OK" + kEnd, "12345"},
          {"the second digit", "HTTP/1.1 2", "0 OK" + kEnd, kDigits},
          {"the third digit", "HTTP/1.1 20", " OK" + kEnd, kDigits},
          {"between status and phrase", "HTTP/1.1 200", "OK" + kEnd, " "},
          {"the phrase", "HTTP/1.1 200 O", "K" + kEnd, kText},
          {"the major version", "HTTP/", ".1 200 OK" + kEnd, "1"},
          {"the minor version", "HTTP/1.", " 200 OK" + kEnd, "01"},
          {"the CR of the line", "HTTP/1.1 200 OK", "\nA: b" + kEnd, "\r"},
          {"the LF of the line", "HTTP/1.1 200 OK\r", "A: b" + kEnd, "\n"},
          {"a field name", "HTTP/1.1 200 OK\r\nA", "B: c" + kEnd, kToken + ":"},
          {"a value", "HTTP/1.1 200 OK\r\nA: b", "c" + kEnd, kText},
          {"the LF of the blank line", "HTTP/1.1 200 OK\r\nA: b\r\n\r", "", "\n"},
          {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 1", "1" + kEnd, kDigits},
      },
      answer_is_taken);
}

TEST_CASE("of all bytes only those of the standard are taken in the markup of chunks") {
  const std::string last = "0\r\n\r\n";
  check_places(
      {
          {"the only digit of the last chunk", "", "\r\n\r\n", "0"},
          {"a second digit", "0", "\r\nx\r\n" + last, "1"},
          {"a leading digit", "", "1\r\n" + std::string(17, 'x') + "\r\n" + last, "1"},
          {"behind the digits", "1", "a\r\nx\r\n" + last, ";"},
          {"the CR of a size line", "1", "\nx\r\n" + last, "\r"},
          {"the LF of a size line", "1\r", "x\r\n" + last, "\n"},
          {"the CR behind the data", "1\r\nx", "\n" + last, "\r"},
          {"the LF behind the data", "1\r\nx\r", last, "\n"},
          {"the name of an extension", "1;a", "b\r\nx\r\n" + last, kToken + ";="},
          {"the first byte of an extension", "1;", "b\r\nx\r\n" + last, kToken},
          {"the value of an extension", "1;a=b", "c\r\nx\r\n" + last, kToken + ";"},
          {"a quoted extension", "1;a=\"b", "c\"\r\nx\r\n" + last, without(kText, "\"")},
          {"behind a quoted extension", "1;a=\"b\"", "c\r\nx\r\n" + last, ";"},
          {"behind a backslash", "1;a=\"\\", "\"\r\nx\r\n" + last, kText},
          {"a trailer's name", "0\r\nA", "B: c\r\n\r\n", kToken + ":"},
          {"a trailer's value", "0\r\nA: b", "c\r\n\r\n", kText},
          {"the CR of the last line", "0\r\n", "\n", "\r"},
          {"the LF of the last line", "0\r\n\r", "", "\n"},
      },
      body_is_taken);
}

TEST_CASE("hexadecimal digits of either case are the size of a chunk and no other byte is") {
  for (const char byte : bytes_from(0x00, 0xff)) {
    CAPTURE(static_cast<int>(static_cast<unsigned char>(byte)));
    std::string line(1, byte);
    line += "\r\n";
    ChunkLine reader;
    const auto answer = reader.read(line);
    const auto place = std::string("0123456789abcdef").find(limpet::ascii_lower(byte));
    CHECK(answer.complete == (place != std::string::npos));
    CHECK((!answer.complete || reader.size() == place));
  }
}

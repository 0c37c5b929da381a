// The program: reads the command line, runs one command, answers its exit code.

#include "app/command_line.h"

int main(int argc, char** argv) {
  return limpet::app::run_command_line(argc, argv);
}

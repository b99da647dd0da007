/* SPDX-License-Identifier: MIT */
/*
 * uppercase-load: loads a server with many clients and tells how it did. All
 * of it is in the library, where tests reach it.
 */
#include "load/load.h"

int main(int argc, char **argv)
{
	return (int)load_main(argc, argv);
}

# UC_TRY_CFLAG(FLAG, VARIABLE) appends FLAG to VARIABLE when the compiler
# knows it. -Werror makes clang refuse what it would only warn about, and
# glibc refuse _FORTIFY_SOURCE in a build without optimisation.
AC_DEFUN([UC_TRY_CFLAG], [
	AC_MSG_CHECKING([whether $CC accepts $1])
	uc_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[]])],
		[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$2], [" $1"])],
		[AC_MSG_RESULT([no])])
	CFLAGS=$uc_save_CFLAGS
])

# UC_TRY_LDFLAG(FLAG, VARIABLE): the same for the linker.
AC_DEFUN([UC_TRY_LDFLAG], [
	AC_MSG_CHECKING([whether the linker accepts $1])
	uc_save_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS $HARDEN_CFLAGS $1"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$2], [" $1"])],
		[AC_MSG_RESULT([no])])
	LDFLAGS=$uc_save_LDFLAGS
])

# UC_WARNINGS: the language and the strict set, as WARN_CFLAGS.
AC_DEFUN([UC_WARNINGS], [
	WARN_CFLAGS=
	m4_foreach_w([uc_flag], [-std=c11 -Wall -Wextra -Wshadow -Wconversion
		-Wsign-conversion -Wformat=2 -Wstrict-prototypes
		-Wmissing-prototypes -Wold-style-definition -Wpointer-arith
		-Wcast-align -Wcast-qual -Wwrite-strings -Wundef -Wvla
		-Wdouble-promotion -Wimplicit-fallthrough -Wredundant-decls],
		[UC_TRY_CFLAG(m4_defn([uc_flag]), [WARN_CFLAGS])])
	# Not tried, since configure's own test program has unused macros; gcc
	# and clang have always known it.
	WARN_CFLAGS="$WARN_CFLAGS -Wunused-macros"
	AS_IF([test "$enable_werror" = yes],
		[WARN_CFLAGS="$WARN_CFLAGS -Werror"])
	AC_SUBST([WARN_CFLAGS])
])

# UC_INSTRUMENTATION: what --enable-sanitizers, --enable-coverage and
# --enable-fuzzing add, as INSTRUMENT_CFLAGS, and the optimisation that suits
# them when the user named none.
AC_DEFUN([UC_INSTRUMENTATION], [
	INSTRUMENT_CFLAGS=
	uc_optimise="-g -O2"
	AS_IF([test "$enable_sanitizers" = yes || test "$enable_fuzzing" = yes], [
		INSTRUMENT_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
		uc_optimise="-g -O1"
		UC_NEED_CFLAG([-fsanitize=address,undefined], [--enable-sanitizers needs the sanitizers' libraries: libasan and libubsan for gcc, compiler-rt for clang (Debian: libclang-rt-14-dev)])
	])
	AS_IF([test "$enable_fuzzing" = yes], [
		INSTRUMENT_CFLAGS="$INSTRUMENT_CFLAGS -fsanitize=fuzzer-no-link"
		uc_optimise="-g -O2"
		UC_NEED_CFLAG([-fsanitize=fuzzer-no-link], [--enable-fuzzing needs clang with libFuzzer: ./configure CC=clang --enable-fuzzing (Debian: clang and libclang-rt-14-dev)])
	])
	AS_IF([test "$enable_coverage" = yes], [
		INSTRUMENT_CFLAGS="$INSTRUMENT_CFLAGS --coverage -fprofile-update=atomic"
		uc_optimise="-g -O0"
		UC_NEED_CFLAG([--coverage -fprofile-update=atomic], [--enable-coverage needs gcc with gcov])
	])
	AS_IF([test -z "$CFLAGS"], [CFLAGS=$uc_optimise])
	AC_SUBST([INSTRUMENT_CFLAGS])
])

# UC_NEED_CFLAG(FLAG, MESSAGE) stops with MESSAGE when a program cannot be
# built with FLAG.
AC_DEFUN([UC_NEED_CFLAG], [
	uc_found=
	UC_TRY_CFLAG([$1], [uc_found])
	AS_IF([test -z "$uc_found"], [AC_MSG_ERROR([$2])])
])

# UC_HARDENING: what the compiler and linker can add against memory errors,
# as HARDEN_CFLAGS and HARDEN_LDFLAGS. An instrumented build goes without:
# the sanitizers bring their own checks, and _FORTIFY_SOURCE hides from them.
AC_DEFUN([UC_HARDENING], [
	HARDEN_CFLAGS= HARDEN_LDFLAGS= uc_hardening=no
	AS_IF([test -z "$INSTRUMENT_CFLAGS"], [
		UC_TRY_CFLAG([-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3], [HARDEN_CFLAGS])
		AS_CASE([$HARDEN_CFLAGS], [*FORTIFY*], [],
			[UC_TRY_CFLAG([-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2], [HARDEN_CFLAGS])])
		m4_foreach_w([uc_flag], [-fstack-protector-strong
			-fstack-clash-protection -fPIE],
			[UC_TRY_CFLAG(m4_defn([uc_flag]), [HARDEN_CFLAGS])])
		m4_foreach_w([uc_flag], [-pie -Wl,-z,relro -Wl,-z,now
			-Wl,-z,noexecstack],
			[UC_TRY_LDFLAG(m4_defn([uc_flag]), [HARDEN_LDFLAGS])])
		AS_IF([test -n "$HARDEN_CFLAGS$HARDEN_LDFLAGS"],
			[uc_hardening=yes])
	])
	AC_SUBST([HARDEN_CFLAGS])
	AC_SUBST([HARDEN_LDFLAGS])
])

# UC_PKG(PREFIX, MODULE, DEBIAN-PACKAGE, FEDORA-PACKAGE, OTHER-PACKAGE)
# Finds a library by pkg-config, or stops with the packages that hold it.
AC_DEFUN([UC_PKG], [
	m4_ifndef([PKG_CHECK_MODULES],
		[m4_fatal([pkg-config is missing: ./bootstrap installs it, or install pkg-config or pkgconf])])
	PKG_CHECK_MODULES([$1], [$2], [], [AC_MSG_ERROR([
$2 was not found by pkg-config. It is in the package
    $3 (Debian, Ubuntu), $4 (Fedora), $5 (Arch, Homebrew);
./bootstrap installs it where it can.])])
])

# UC_PKG_OPTIONAL(PREFIX, MODULE, VARIABLE): VARIABLE becomes yes or no.
AC_DEFUN([UC_PKG_OPTIONAL], [
	PKG_CHECK_MODULES([$1], [$2], [$3=yes], [
		$3=no
		AC_MSG_WARN([$2 was not found by pkg-config: "make check" will say so and stop.])
	])
])

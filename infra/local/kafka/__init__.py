"""A Kafka broker of one node (KRaft): `jars` fetches it with Maven, `java` finds a JVM for it, `broker` configures it.

The versions are in `pom.xml`; the jars are kept in the user's cache folder, shared by every data folder.
"""
